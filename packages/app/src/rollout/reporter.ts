import type { Clock, Feed, RolloutStore, Snapshot } from "@rollcall/core";
import type { Logger } from "pino";
import { AttemptRecorder } from "./attempt-recorder.js";
import { FaultRow } from "./fault-row.js";
import { isActive } from "./plan.js";
import { askStore } from "./store-request.js";

/** What a reporter of one service works with. */
export interface ReporterEnv {
  readonly service: string;
  /** Tells this process from other callers. */
  readonly caller: string;
  readonly feed: Feed<Snapshot>;
  readonly store: RolloutStore;
  readonly clock: Clock;
  random(): number;
  readonly logger: Logger;
}

/** Between two reports, 10 % either way, so that callers do not stay in step. */
const reportMs = 2_000;
/** While nothing new was seen, a report is written again only now and then. */
const refreshMs = 30_000;
/** Where enough others report, a caller asks again after this, or up to twice as long. */
const askAgainMs = 20_000;
/** Taking a report back must not hold up the end of a process. */
const lastRequestMs = 500;

/**
 * Reports what this process sees of a service during a rollout: at the first attempt, then every 2 s, until the rollout
 * ends, when the report is taken back. A store that fails or hangs is asked again, and warned of once; calls never wait
 * for it. Nothing runs while no rollout is under way.
 */
export class Reporter {
  readonly recorder: AttemptRecorder;
  readonly #env: ReporterEnv;
  readonly #faults: FaultRow;
  readonly #closed = new AbortController();
  #isRunning = false;
  #ended: Promise<void> = Promise.resolve();
  /** The store may hold a report of ours. */
  #kept = false;
  #written = { rollout: "", total: 0, atMs: -Infinity };

  constructor(env: ReporterEnv) {
    this.#env = env;
    this.#faults = new FaultRow(env.logger, `reports of attempts on ${env.service}`, env.random);
    this.recorder = new AttemptRecorder(env.feed, () => this.#begin());
  }

  /** Takes the report back and stops. Bounded: what a store does not answer in 500 ms is left to the end of its lease. */
  async close(): Promise<void> {
    this.#closed.abort(new Error("the clients are closed"));
    await this.#ended;
    if (!this.#kept) return;
    await this.#withdraw(new AbortController().signal, lastRequestMs).catch(() => {});
  }

  #begin(): void {
    if (this.#isRunning || this.#closed.signal.aborted) return;
    this.#isRunning = true;
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    const { clock } = this.#env;
    const { signal } = this.#closed;
    try {
      for (;;) {
        let pauseMs: number | undefined;
        try {
          pauseMs = await this.#turn(signal);
          this.#faults.recovered();
        } catch (error) {
          signal.throwIfAborted();
          pauseMs = Math.max(reportMs, this.#faults.failed(error));
        }
        if (pauseMs === undefined) return;
        await clock.sleep(pauseMs, signal);
      }
    } catch {
      // Closed.
    }
  }

  /** Returns how long to wait for the next one; undefined when there is none. */
  async #turn(signal: AbortSignal): Promise<number | undefined> {
    const { service, caller, feed, store, clock, random } = this.#env;
    const rollout = feed.current?.policy?.rollout;
    const { recorder } = this;
    if (!isActive(rollout) || recorder.rollout !== rollout.id) {
      if (this.#kept) await this.#withdraw(signal);
      // Meanwhile another one may have begun.
      if (isActive(feed.current?.policy?.rollout) && recorder.rollout === feed.current.policy.rollout.id)
        return 0;
      recorder.forget();
      // In the same turn: the next attempt begins anew.
      this.#isRunning = false;
      return undefined;
    }
    const { total } = recorder;
    const nowMs = clock.now();
    const written = this.#written;
    const isNews =
      rollout.id !== written.rollout || total !== written.total || nowMs - written.atMs >= refreshMs;
    if (isNews) {
      const report = recorder.report(caller);
      // Also when the answer does not come: it may have been written.
      this.#kept = true;
      this.#kept = await askStore(clock, signal, (bounded) => store.report(service, report, bounded));
      if (!this.#kept) return askAgainMs * (1 + random());
      this.#written = { rollout: rollout.id, total, atMs: nowMs };
    }
    return reportMs * (0.9 + 0.2 * random());
  }

  async #withdraw(signal: AbortSignal, ms?: number): Promise<void> {
    const { service, caller, store, clock } = this.#env;
    await askStore(clock, signal, (bounded) => store.withdraw(service, caller, bounded), ms);
    this.#kept = false;
    this.#written = { rollout: "", total: 0, atMs: -Infinity };
  }
}
