import {
  boundedSignal,
  ConfigError,
  unlessAborted,
  type Clock,
  type Lifecycle,
  type RegistryBackend,
} from "@rollcall/core";
import type { Settings } from "../settings.js";

/** Closing a registry that hangs must not hold up an exit that is due. */
const closeMs = 1_000;

/** The registry's connection. With `startup: "fail-fast"` a registry that does not answer ends the start. */
export function registryPart(
  backend: RegistryBackend,
  owned: boolean,
  settings: Settings,
  clock: Clock,
): Lifecycle {
  return {
    name: "registry",
    async start(signal) {
      if (settings.startup === "wait") return;
      const bounded = boundedSignal(clock.timer, settings.startupTimeoutMs, signal);
      try {
        await backend.ready(bounded.signal);
      } catch (error) {
        signal.throwIfAborted();
        throw new ConfigError(
          `the registry ${backend.description} did not answer within ${settings.startupTimeoutMs} ms; start it, set ROLLCALL_REGISTRY, or start without it by ROLLCALL_STARTUP=wait`,
          { cause: error },
        );
      } finally {
        bounded.release();
      }
    },
    async stop() {
      if (!owned) return;
      const bounded = boundedSignal(clock.timer, closeMs);
      try {
        await unlessAborted(Promise.resolve(backend[Symbol.asyncDispose]()), bounded.signal);
      } finally {
        bounded.release();
      }
    },
  };
}
