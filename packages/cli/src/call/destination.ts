import { createClient, staticRegistry } from "@rollcall/app";
import type { ClientOf, Interceptor, RegistryBackend, ServiceContract } from "@rollcall/core";
import { pino } from "pino";
import type { CliEnv } from "../cli-env.js";
import type { Report } from "../output/report.js";
import { registryTimeoutMs, useRegistry } from "../registry-access.js";

/** Flags that say where calls go. */
export interface DestinationFlags {
  readonly registry?: string | undefined;
  readonly address?: string | undefined;
  /** Milliseconds. */
  readonly timeout?: number | undefined;
  readonly tls?: boolean | undefined;
  readonly ca?: string | undefined;
  readonly serverName?: string | undefined;
}

/** Where calls go: the instances in a registry, or one address. */
export interface Destination {
  /** For messages. */
  readonly description: string;
  /** The services that are registered; undefined where only the server itself could tell. */
  services(): Promise<readonly string[]> | undefined;
  /** A client of a contract. Its instances are those of the contract's name. */
  connect<S>(
    contract: ServiceContract<S>,
    interceptors?: readonly Interceptor[],
  ): ClientOf<S> & AsyncDisposable;
}

/**
 * Opens what the flags name, works with it and closes it.
 * @throws ConfigError for an address that is none
 * @throws ExitError `unreachable` for a registry that does not answer
 */
export async function useDestination<T>(
  flags: DestinationFlags,
  env: CliEnv,
  report: Pick<Report, "warn">,
  work: (destination: Destination) => Promise<T>,
): Promise<T> {
  const { address } = flags;
  if (address !== undefined) {
    const at = (service: string): RegistryBackend => staticRegistry({ [service]: [address] });
    // An address that is none is found before anything is asked.
    at("rollcall");
    return work({
      description: address,
      services: () => undefined,
      connect: (contract, interceptors) => connect(contract, at(contract.name), flags, env, interceptors),
    });
  }
  const timeout = Math.min(registryTimeoutMs, flags.timeout ?? registryTimeoutMs);
  return useRegistry({ registry: flags.registry, timeout }, env, report, ({ description, backend, list }) =>
    work({
      description: `registry ${description}`,
      services: async () => [...new Set((await list()).map(({ instance }) => instance.service))].toSorted(),
      connect: (contract, interceptors) => connect(contract, backend, flags, env, interceptors),
    }),
  );
}

function connect<S>(
  contract: ServiceContract<S>,
  registry: RegistryBackend,
  { tls, ca, serverName }: DestinationFlags,
  { transport }: CliEnv,
  interceptors: readonly Interceptor[] = [],
): ClientOf<S> & AsyncDisposable {
  const options = {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(serverName === undefined ? {} : { serverName }),
  };
  const wanted = Object.keys(options).length > 0 ? options : tls;
  return createClient<S>(contract, {
    registry,
    interceptors,
    transport,
    ...(wanted === undefined ? {} : { tls: wanted }),
    // What goes wrong is in the error of the call.
    logger: pino({ level: "silent" }),
  });
}
