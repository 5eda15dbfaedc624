import { hostname, userInfo } from "node:os";
import { openRegistry } from "@rollcall/app";
import { systemClock, type Clock, type RegistryBackend, type Transport } from "@rollcall/core";
import { pino, type Logger } from "pino";
import { ExitCode } from "./exit-code.js";

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
  /**
   * Calls `fire` when the user asks the command to end, or nobody reads what it writes any more; returns the end of that. The
   * second time that the user asks, the process ends at once.
   */
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
    onInterrupt,
    input: () => process.stdin.setEncoding("utf8") as AsyncIterable<string>,
  };
}

function onInterrupt(fire: () => void): () => void {
  let asked = 0;
  const heard = (): void => {
    if (++asked > 1) process.exit(ExitCode.interrupted);
    fire();
  };
  // Not `once`: what kills processes that nobody ends looks whether somebody listens.
  process.on("SIGINT", heard).on("SIGTERM", heard);
  process.stdout.once("error", fire);
  return () => {
    process.off("SIGINT", heard).off("SIGTERM", heard);
    process.stdout.off("error", fire);
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
