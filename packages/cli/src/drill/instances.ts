import type { ListedInstance } from "@rollcall/core";
import { startFleet, type Fleet, type FleetProcess, type ServingMessage } from "@rollcall/testing/fleet";
import type { CliEnv } from "../cli-env.js";
import { untilRegistered } from "../registered.js";
import type { RegistryAccess } from "../registry-access.js";

export interface InstancesOptions {
  /** What starts one: a program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly size: number;
  /** Where they register. */
  readonly registryUrl: string;
  readonly readyTimeoutMs: number;
  /** A directory for one log per instance. */
  readonly logDirectory: string;
  readonly registry: RegistryAccess;
  readonly env: CliEnv;
}

const namePrefix = "drill";

/** Starts the instances and waits until all are registered, which is what callers go by. Disposing ends them. */
export async function startInstances(options: InstancesOptions): Promise<Fleet> {
  const [file, ...args] = options.command;
  const { variables } = options.env;
  return await startFleet({
    size: options.size,
    name: namePrefix,
    logDirectory: options.logDirectory,
    command: ({ index, port }) => ({
      file,
      args,
      env: {
        ROLLCALL_REGISTRY: options.registryUrl,
        ROLLCALL_INSTANCE_ID: instanceId(index),
        ROLLCALL_PORT: `${port}`,
        ROLLCALL_HOST: variables["ROLLCALL_HOST"] ?? "127.0.0.1",
        ROLLCALL_REFLECTION: variables["ROLLCALL_REFLECTION"] ?? "true",
        ROLLCALL_LOG_FORMAT: "json",
      },
    }),
    untilServing: (process, { index }) => untilServing(process, instanceId(index), options),
  });
}

/** The instances of this drill among those of a registry. */
export function isOurs({ instance }: ListedInstance): boolean {
  return instance.id.startsWith(`${namePrefix}-`);
}

function instanceId(index: number): string {
  return `${namePrefix}-${index}`;
}

/** Its own word by IPC where that reaches us, or a record in the registry that began after the process. */
async function untilServing(
  process: FleetProcess,
  id: string,
  { registry, readyTimeoutMs, env: { clock } }: InstancesOptions,
): Promise<ServingMessage> {
  const over = new AbortController();
  const list = (): Promise<readonly ListedInstance[]> => registry.list();
  const registered = untilRegistered({ list, id, sinceMs: clock.now(), clock, signal: over.signal });
  // Left behind when the process was faster, or has ended.
  registered.catch(() => {});
  try {
    const said = process.untilServing(readyTimeoutMs).then(({ address }) => address);
    return { rollcall: "serving", instance: id, address: await Promise.race([said, registered]) };
  } finally {
    over.abort(new Error("it serves, or has ended"));
  }
}
