import {
  mostReportedBreakers,
  type BreakerReport,
  type BreakerReports,
  type BreakerView,
  type Clock,
  type ReportedBreaker,
} from "@rollcall/core";
import type { Logger } from "pino";
import { FaultRow } from "../rollout/fault-row.js";
import { askStore } from "../rollout/store-request.js";

export interface BreakerReporterEnv {
  readonly service: string;
  /** Tells this process from other callers. */
  readonly caller: string;
  /** The app's name. */
  readonly app: string;
  readonly store: BreakerReports;
  readonly clock: Clock;
  random(): number;
  readonly logger: Logger;
}

/** Before the first report, up to this long, so that all callers of a service that fails do not write at once. */
const spreadMs = 1_000;
/** Between two looks at what has changed, 10 % either way. */
const lookMs = 1_000;
/** While nothing has changed, a report is written again only now and then. */
const refreshMs = 30_000;
/** Where enough others report, a caller asks again after this, or up to twice as long. */
const askAgainMs = 20_000;
/** A breaker that no call has asked for in this long is of no interest, whatever its state. */
const unusedMs = 60_000;
/** Taking a report back must not hold up the end of a process. */
const lastRequestMs = 500;
/** Names come from policies and labels. */
const longestName = 512;

/**
 * Tells the registry which breakers of this process for one service are not closed. Nothing runs and nothing is written
 * while all of them are; when the last one has closed the report is taken back. A registry that fails or hangs is asked
 * again, and warned of once; calls never wait for it.
 */
export class BreakerReporter {
  readonly #env: BreakerReporterEnv;
  readonly #faults: FaultRow;
  readonly #closed = new AbortController();
  readonly #views = new Set<BreakerView>();
  #ended: Promise<void> | undefined;
  /** The registry may hold a report of ours. */
  #kept = false;
  #written = { text: "", atMs: -Infinity };

  constructor(env: BreakerReporterEnv) {
    this.#env = env;
    this.#faults = new FaultRow(env.logger, `reports of breakers for ${env.service}`, env.random);
  }

  /** To be told of each breaker whose state has changed. */
  readonly changed = (view: BreakerView): void => {
    if (view.state === "closed" || this.#closed.signal.aborted) return;
    this.#views.add(view);
    this.#ended ??= this.#run();
  };

  /** Takes the report back and stops. Bounded: what a registry does not answer in 500 ms is left to the end of its lease. */
  async close(): Promise<void> {
    this.#closed.abort(new Error("the clients are closed"));
    await this.#ended;
    if (this.#kept) await this.#withdraw(new AbortController().signal, lastRequestMs).catch(() => {});
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#env;
    const { signal } = this.#closed;
    try {
      let pauseMs: number | undefined = spreadMs * random();
      while (pauseMs !== undefined) {
        await clock.sleep(pauseMs, signal);
        try {
          pauseMs = await this.#turn(signal);
          this.#faults.recovered();
        } catch (error) {
          signal.throwIfAborted();
          pauseMs = Math.max(lookMs, this.#faults.failed(error));
        }
      }
    } catch {
      // Closed.
    }
  }

  /** Returns how long to wait for the next one; undefined when all breakers are closed. */
  async #turn(signal: AbortSignal): Promise<number | undefined> {
    const { service, caller, app, store, clock, random } = this.#env;
    if (this.#open().length === 0 && this.#kept) await this.#withdraw(signal);
    // Meanwhile another one may have opened.
    const breakers = this.#open();
    if (breakers.length === 0) {
      // In the same turn: the next one that opens begins anew.
      this.#ended = undefined;
      return undefined;
    }
    const report: BreakerReport = { caller, app: app.slice(0, 256), breakers };
    const text = JSON.stringify(report);
    const nowMs = clock.now();
    if (text !== this.#written.text || nowMs - this.#written.atMs >= refreshMs) {
      // Also when the answer does not come: it may have been written.
      this.#kept = true;
      this.#kept = await askStore(clock, signal, (bounded) => store.report(service, report, bounded));
      if (!this.#kept) return askAgainMs * (1 + random());
      this.#written = { text, atMs: nowMs };
    }
    return lookMs * (0.9 + 0.2 * random());
  }

  /** One per method and subset, though each client of a service has its own: the one that is open, if there is one. */
  #open(): readonly ReportedBreaker[] {
    const nowMs = this.#env.clock.now();
    const reported = new Map<string, ReportedBreaker>();
    for (const view of this.#views) {
      const { method, subset, state, sinceMs, seen, usedMs } = view;
      if (state === "closed" || !seen || sinceMs === undefined || nowMs - usedMs >= unusedMs) {
        this.#views.delete(view);
        continue;
      }
      const key = `${method} ${subset}`;
      if (reported.get(key)?.state === "open") continue;
      const since = Math.round(sinceMs);
      reported.set(key, { method: shortened(method), subset: shortened(subset), state, since, ...seen });
    }
    return [...reported.values()].slice(0, mostReportedBreakers);
  }

  async #withdraw(signal: AbortSignal, ms?: number): Promise<void> {
    const { service, caller, store, clock } = this.#env;
    await askStore(clock, signal, (bounded) => store.withdraw(service, caller, bounded), ms);
    this.#kept = false;
    this.#written = { text: "", atMs: -Infinity };
  }
}

function shortened(name: string): string {
  return name.slice(0, longestName);
}
