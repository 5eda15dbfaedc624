import { FleetProcess, type Exit, type ProcessCommand } from "@rollcall/testing/fleet";
import type { Clock } from "@rollcall/core";

/** A process of the service. */
export interface ServiceProcess {
  readonly pid: number;
  /** Resolves with its address when it serves; stays pending when it never does. */
  readonly serving: Promise<string>;
  /** Never rejects. */
  readonly exit: Promise<Exit>;
  /** Asks it to drain, once, and resolves when it has ended. */
  stop(): Promise<Exit>;
}

export interface StartServiceOptions {
  /** What its standard output and error are. */
  readonly output: readonly [stdout: number, stderr: number];
  /** From SIGTERM to SIGKILL. */
  readonly stopTimeoutMs: number;
  readonly clock: Clock;
  /** Another way to learn that it serves, for a command that does not pass IPC on. */
  readonly registered?: ((signal: AbortSignal) => Promise<string>) | undefined;
}

/** A process that has said that it stopped needs no longer to end; one that does is stuck in its own teardown. */
const teardownMs = 3_000;

/** Starts a process. Rejects when there is no such program. */
export async function startService(
  command: ProcessCommand,
  { output, stopTimeoutMs, clock, registered }: StartServiceOptions,
): Promise<ServiceProcess> {
  const process = await FleetProcess.start(command, { output, rest: "drain" });
  const { promise: serving, resolve: serves } = Promise.withResolvers<string>();
  const over = new AbortController();
  let stuck = false;
  process.onMessage(() => {
    if (process.serving) serves(process.serving.address);
    if (process.state === "stopped")
      clock.timer(teardownMs, () => {
        stuck = process.signal("SIGKILL");
      });
  });
  if (process.serving) serves(process.serving.address);
  // It fails when the process has ended; somebody else tells of that.
  registered?.(over.signal).then(serves, () => {});
  const exit = process.exit.then((exit) => {
    over.abort(new Error("the process has ended"));
    return stuck ? { code: 0, signal: null } : exit;
  });
  let stopping: Promise<Exit> | undefined;
  return {
    pid: process.pid,
    serving,
    exit,
    // A second SIGTERM would force it.
    stop: () => (stopping ??= process.stop(stopTimeoutMs).then(() => exit)),
  };
}
