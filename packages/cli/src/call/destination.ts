import { createClient, staticRegistry } from "@rollcall/app";
import type { ClientOf, Interceptor, RegistryBackend, ServiceContract } from "@rollcall/core";
import { pino, type Logger } from "pino";
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
  /** Whether faults of connections are told, beside the error of the call. */
  readonly verbose?: boolean | undefined;
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
      connect: (contract, interceptors) =>
        connect(contract, at(contract.name), { flags, env, report }, interceptors),
    });
  }
  const timeout = Math.min(registryTimeoutMs, flags.timeout ?? registryTimeoutMs);
  return useRegistry({ registry: flags.registry, timeout }, env, report, ({ description, backend, list }) =>
    work({
      description: `registry ${description}`,
      services: async () => [...new Set((await list()).map(({ instance }) => instance.service))].toSorted(),
      connect: (contract, interceptors) => connect(contract, backend, { flags, env, report }, interceptors),
    }),
  );
}

interface Around {
  readonly flags: DestinationFlags;
  readonly env: CliEnv;
  readonly report: Pick<Report, "warn">;
}

function connect<S>(
  contract: ServiceContract<S>,
  registry: RegistryBackend,
  { flags, env, report }: Around,
  interceptors: readonly Interceptor[] = [],
): ClientOf<S> & AsyncDisposable {
  const { tls, ca, serverName, verbose } = flags;
  const options = {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(serverName === undefined ? {} : { serverName }),
  };
  const wanted = Object.keys(options).length > 0 ? options : tls;
  return createClient<S>(contract, {
    registry,
    interceptors,
    transport: env.transport,
    ...(wanted === undefined ? {} : { tls: wanted }),
    logger: verbose ? loggerTo(report.warn) : pino({ level: "silent" }),
  });
}

function loggerTo(warn: (text: string) => void): Logger {
  const write = (line: string): void => {
    const { msg, reason } = JSON.parse(line) as { msg?: string; reason?: string };
    warn(reason === undefined ? `${msg}` : `${msg}: ${reason}`);
  };
  return pino({ level: "warn" }, { write });
}
