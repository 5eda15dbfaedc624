import { hostname, userInfo } from "node:os";
import { openRegistry } from "@rollcall/app";
import { systemClock, type Clock, type RegistryBackend } from "@rollcall/core";
import { pino } from "pino";

/** What commands need of the world besides a terminal. */
export interface CliEnv {
  readonly variables: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** `user@host`: who makes changes unless told otherwise. */
  readonly user: string;
  /** A registry by its URL; `owned` ones are closed by whoever opened them. */
  openRegistry(url: string): { readonly backend: RegistryBackend; readonly owned: boolean };
  /** Calls `fire` when the user asks a view to end; returns the end of that. */
  onInterrupt(fire: () => void): () => void;
}

/** The process's own world. */
export function processEnv(): CliEnv {
  return {
    variables: process.env,
    clock: systemClock,
    user: `${userName()}@${hostname()}`,
    // A command says itself what went wrong; a registry's log would say it again, each time it tries.
    openRegistry: (url) => openRegistry(url, pino({ enabled: false })),
    onInterrupt(fire) {
      process.once("SIGINT", fire).once("SIGTERM", fire);
      return () => void process.off("SIGINT", fire).off("SIGTERM", fire);
    },
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that has no entry.
    return process.env["USER"] ?? `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
