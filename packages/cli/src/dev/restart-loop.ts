import type { Clock } from "@rollcall/core";
import { exitText } from "@rollcall/testing/fleet";
import { formatDuration } from "../duration.js";
import type { DevEvent } from "./events.js";
import type { ServiceProcess } from "./service-process.js";

/** One start of the service, with the environment of the moment. */
export interface Launch {
  /** What it is called. */
  readonly service: string;
  /** Whether the process before has to go first: both would want the same port or id. */
  readonly stopFirst: boolean;
  /** Rejects when the program cannot be run. */
  start(): Promise<ServiceProcess>;
}

export interface RestartLoopOptions {
  /** Rejects when nothing can be started as things are; what runs is kept then. */
  prepare(): Promise<Launch>;
  readonly clock: Clock;
  /** From the start of a process until it must serve. */
  readonly startTimeoutMs: number;
  report(event: DevEvent): void;
}

type Outcome = { readonly address: string } | { readonly failure: string } | "stopped";

/**
 * Keeps one process of a service serving, the newest that got that far. A restart starts the new process and waits until it
 * serves before the old one is asked to drain, so that callers always have an endpoint. What fails to start leaves the old
 * one alone; what ends by itself is started again at the next change, not before.
 */
export class RestartLoop {
  readonly #options: RestartLoopOptions;
  /** All processes that have not ended, draining ones included. */
  readonly #alive = new Set<ServiceProcess>();
  readonly #retiring = new WeakMap<ServiceProcess, Promise<void>>();
  #current: ServiceProcess | undefined;
  /** When the first change was that no restart has taken up; at first, the start. */
  #wantedSince: number | undefined;
  #wake: () => void = () => {};

  constructor(options: RestartLoopOptions) {
    this.#options = options;
    this.#wantedSince = options.clock.now();
  }

  /** Asks for a restart. Changes while one is under way are taken up together by the next. */
  change(paths: readonly string[]): void {
    const { clock, report } = this.#options;
    report({ event: "changed", paths });
    this.#wantedSince ??= clock.now();
    this.#wake();
  }

  /** Starts the service and follows changes until the signal; then drains everything. Resolves when all has ended. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const since = this.#wantedSince;
      this.#wantedSince = undefined;
      await (since === undefined ? this.#nextChange(signal) : this.#restart(since, signal));
    }
    this.#current = undefined;
    await Promise.all(Array.from(this.#alive, (process) => this.#retire(process)));
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener("abort", wake);
    });
  }

  async #restart(since: number, signal: AbortSignal): Promise<void> {
    const { clock, report } = this.#options;
    const replaces = this.#current !== undefined;
    let next: ServiceProcess;
    try {
      const launch = await this.#options.prepare();
      if (signal.aborted) return;
      if (launch.stopFirst) await this.#retireCurrent();
      if (signal.aborted) return;
      next = await launch.start();
      this.#follow(next);
      report({ event: "starting", service: launch.service, pid: next.pid });
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
      return;
    }
    const outcome = await this.#untilServing(next, signal);
    if (outcome === "stopped") return;
    if ("failure" in outcome) {
      this.#fail(outcome.failure);
      await next.stop();
      return;
    }
    const old = this.#current;
    this.#current = next;
    report({
      event: replaces ? "restarted" : "serving",
      address: outcome.address,
      pid: next.pid,
      ms: clock.now() - since,
    });
    // Not awaited: streams may take their time to end, and the next change need not.
    if (old) void this.#retire(old);
  }

  async #untilServing(process: ServiceProcess, signal: AbortSignal): Promise<Outcome> {
    const { clock, startTimeoutMs } = this.#options;
    const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
    const stopped = (): void => resolve("stopped");
    signal.addEventListener("abort", stopped);
    const late = `pid ${process.pid} did not serve within ${formatDuration(startTimeoutMs)}`;
    const stopTimer = clock.timer(startTimeoutMs, () => resolve({ failure: late }));
    void process.serving.then((address) => resolve({ address }));
    void process.exit.then((exit) =>
      resolve({ failure: `pid ${process.pid} ended with ${exitText(exit)} before it served` }),
    );
    if (signal.aborted) stopped();
    try {
      return await outcome;
    } finally {
      stopTimer();
      signal.removeEventListener("abort", stopped);
    }
  }

  #follow(process: ServiceProcess): void {
    this.#alive.add(process);
    void process.exit.then((exit) => {
      this.#alive.delete(process);
      if (this.#current !== process) return;
      this.#current = undefined;
      this.#options.report({ event: "exited", pid: process.pid, ...exit });
    });
  }

  async #retireCurrent(): Promise<void> {
    const old = this.#current;
    this.#current = undefined;
    if (old) await this.#retire(old);
  }

  /** Once for each process, however often it is asked for. */
  #retire(process: ServiceProcess): Promise<void> {
    const retiring = this.#retiring.get(process) ?? this.#drain(process);
    this.#retiring.set(process, retiring);
    return retiring;
  }

  async #drain(process: ServiceProcess): Promise<void> {
    const { clock, report } = this.#options;
    const begun = clock.now();
    const exit = await process.stop();
    report({ event: "drained", pid: process.pid, ms: clock.now() - begun, ...exit });
  }

  #fail(reason: string): void {
    this.#options.report({ event: "failed", reason, serving: this.#current?.pid });
  }
}
