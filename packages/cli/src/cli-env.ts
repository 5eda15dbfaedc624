import { hostname, userInfo } from "node:os";
import { openRegistry } from "@rollcall/app";
import { systemClock, type Clock, type RegistryBackend, type Transport } from "@rollcall/core";
import { pino, type Logger } from "pino";

/** What commands need of the world besides a terminal. */
export interface CliEnv {
  readonly variables: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** `user@host`: who makes changes unless told otherwise. */
  readonly user: string;
  /**
   * A registry by its URL; `owned` ones are closed by whoever opened them.
   * @param warn gets told of what the registry holds and cannot be used
   */
  openRegistry(
    url: string,
    warn: (text: string) => void,
  ): { readonly backend: RegistryBackend; readonly owned: boolean };
  /** Calls `fire` when the user asks a view to end, or nobody reads it any more; returns the end of that. */
  onInterrupt(fire: () => void): () => void;
  /** What is written to the command, as it comes. */
  input(): AsyncIterable<string>;
  /** How calls reach instances. Default gRPC. */
  readonly transport?: Transport | undefined;
}

/** The process's own world. */
export function processEnv(): CliEnv {
  return {
    variables: process.env,
    clock: systemClock,
    user: `${userName()}@${hostname()}`,
    openRegistry: (url, warn) => openRegistry(url, rejectionsTo(warn)),
    onInterrupt(fire) {
      process.once("SIGINT", fire).once("SIGTERM", fire);
      process.stdout.once("error", fire);
      return () => {
        process.off("SIGINT", fire).off("SIGTERM", fire);
        process.stdout.off("error", fire);
      };
    },
    input: () => process.stdin.setEncoding("utf8") as AsyncIterable<string>,
  };
}

/**
 * A log that tells of records and documents that are left out. Of faults the command tells itself; a registry would
 * log them each time it tries.
 */
function rejectionsTo(warn: (text: string) => void): Logger {
  const write = (line: string): void => {
    const { key, why, msg } = JSON.parse(line) as { key?: unknown; why?: unknown; msg?: unknown };
    if (typeof key === "string" && why !== undefined) warn(`${key}: ${String(msg)}`);
  };
  return pino({ level: "warn" }, { write });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that has no entry.
    return process.env["USER"] ?? `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
