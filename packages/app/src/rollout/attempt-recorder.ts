import {
  Code,
  isServerFault,
  type AttemptCounts,
  type Call,
  type CallerReport,
  type Endpoint,
  type Feed,
  type Outcome,
  type Snapshot,
} from "@rollcall/core";
import { LatencyHistogram } from "./histogram.js";
import { isActive } from "./plan.js";

/** A report stays within what a registry keeps: 8 steps of 2 versions, each with all buckets in use, are 45 kB. */
const mostReportedSteps = 8;

interface Seen {
  attempts: number;
  failures: number;
  readonly latency: LatencyHistogram;
}

/**
 * Counts the attempts on a service while a rollout of it is running or paused, by step and version. Attempts, not calls:
 * what a retry repairs was a failure all the same. Not counted are attempts that the caller cancelled, and those that the
 * server's application never saw, because the server was going or could not be reached. Latency is that of unary methods.
 */
export class AttemptRecorder {
  readonly #feed: Feed<Snapshot>;
  readonly #begun: () => void;
  #rollout: string | undefined;
  #total = 0;
  readonly #steps = new Map<number, Map<string, Seen>>();

  /** @param begun called at the first attempt of each rollout */
  constructor(feed: Feed<Snapshot>, begun: () => void) {
    this.#feed = feed;
    this.#begun = begun;
  }

  /** The id of the rollout that is counted; undefined before the first attempt of one. */
  get rollout(): string | undefined {
    return this.#rollout;
  }

  /** Attempts counted so far in this rollout. */
  get total(): number {
    return this.#total;
  }

  /** To be called with how each attempt ended. Never throws; without a rollout it does nothing. */
  readonly record = (endpoint: Endpoint, outcome: Outcome, call: Call): void => {
    const rollout = this.#feed.current?.policy?.rollout;
    if (!isActive(rollout)) return;
    const { code, processed, latencyMs } = outcome;
    if (code === Code.Cancelled || processed === "no") return;
    const { version } = endpoint.instance;
    if (version !== rollout.to && version !== rollout.from) return;

    const isFirst = rollout.id !== this.#rollout;
    if (isFirst) this.#restart(rollout.id);
    const seen = this.#seen(rollout.step, version);
    seen.attempts++;
    if (isServerFault(code)) seen.failures++;
    if (call.method.kind === "unary") seen.latency.record(latencyMs);
    this.#total++;
    if (isFirst) this.#begun();
  };

  /** What was counted, as of now. */
  report(caller: string): CallerReport {
    const steps = [...this.#steps].map(([step, versions]) => ({
      step,
      versions: Object.fromEntries([...versions].map(([version, seen]) => [version, countsOf(seen)])),
    }));
    return { caller, rollout: this.#rollout ?? "", steps };
  }

  /** Drops all counts. */
  forget(): void {
    this.#restart(undefined);
  }

  #restart(rollout: string | undefined): void {
    this.#rollout = rollout;
    this.#total = 0;
    this.#steps.clear();
  }

  #seen(step: number, version: string): Seen {
    let versions = this.#steps.get(step);
    if (!versions) {
      this.#steps.set(step, (versions = new Map()));
      if (this.#steps.size > mostReportedSteps) this.#steps.delete(Math.min(...this.#steps.keys()));
    }
    let seen = versions.get(version);
    if (!seen) versions.set(version, (seen = { attempts: 0, failures: 0, latency: new LatencyHistogram() }));
    return seen;
  }
}

function countsOf({ attempts, failures, latency }: Seen): AttemptCounts {
  return { attempts, failures, latency: latency.pairs() };
}
