import type { Logger } from "pino";

/** What running needs of an app. */
export interface Runnable {
  readonly address: string;
  readonly logger: Logger;
  start(): Promise<void>;
  stop(): Promise<void>;
  force(): Promise<void>;
}

const signals = ["SIGTERM", "SIGINT"] as const;

/** After a forced stop nothing is waited for any longer than this. */
const forcedExitMs = 800;
/** A process in an unknown state gets this long to leave the registry and end its calls, whatever the grace period. */
const crashGraceMs = 3_500;
/** What keeps a stopped process alive after this is a leak. */
const lingerMs = 1_000;

/** Starts the app and serves until a signal or an uncaught exception; see `App.run`. */
export async function runUntilSignal(app: Runnable): Promise<void> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let asked = 0;

  const onSignal = (signal: NodeJS.Signals): void => {
    asked++;
    if (asked === 1) {
      app.logger.info({ signal }, "received");
      void app.stop().then(end, () => fail(end));
      return;
    }
    app.logger.warn({ signal }, "received again: forcing");
    exitWithin(forcedExitMs, 1);
    void app
      .force()
      .catch(() => {})
      .finally(() => process.exit(1));
  };
  const onCrash = (error: unknown): void => {
    app.logger.fatal({ err: error }, "uncaught: stopping");
    process.exitCode = 1;
    const exit = (): never => process.exit(1);
    void app.stop().then(exit, exit);
    // Forced, so that callers of what is cut learn that it ended by a drain.
    setTimeout(() => {
      exitWithin(forcedExitMs, 1);
      void app.force().catch(() => {});
    }, crashGraceMs).unref();
  };

  for (const signal of signals) process.on(signal, onSignal);
  process.on("uncaughtException", onCrash);
  process.on("unhandledRejection", onCrash);
  try {
    await app.start();
    announce({ rollcall: "serving", address: app.address, pid: process.pid });
    await ended;
  } catch (error) {
    if (asked === 0) {
      app.logger.fatal({ err: error }, "could not start");
      process.exitCode = 1;
    }
    await app.stop().catch(() => {});
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
    process.off("uncaughtException", onCrash);
    process.off("unhandledRejection", onCrash);
  }
  announce({ rollcall: "stopped" });
  setTimeout(() => {
    app.logger.warn(
      { resources: process.getActiveResourcesInfo() },
      "something keeps the stopped process alive: exiting",
    );
    process.exit();
  }, lingerMs).unref();
}

function fail(end: () => void): void {
  process.exitCode = 1;
  end();
}

function exitWithin(ms: number, code: number): void {
  setTimeout(() => process.exit(code), ms).unref();
}

/** For a parent that supervises the process over IPC: what systemd's notify is elsewhere. */
function announce(message: object): void {
  if (process.connected) process.send?.(message);
}
