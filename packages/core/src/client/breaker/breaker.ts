import type { Clock } from "../../ports/clock.js";
import { BreakerOpen } from "./breaker-open.js";
import type { BreakerSettings } from "./breaker-options.js";
import type { Counts, RollingCounts, RollingWindows } from "./rolling-counts.js";
import type { Verdict } from "./verdict.js";

interface Closed {
  readonly kind: "closed";
  readonly counts: RollingCounts;
}
interface Open {
  readonly kind: "open";
  /** When it left the closed state. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Why it opened. */
  readonly seen: Counts;
}
interface HalfOpen {
  readonly kind: "half-open";
  readonly sinceMs: number;
  readonly seen: Counts;
  /** Those without a verdict. */
  readonly probes: Set<Probe>;
  succeeded: number;
}
type State = Closed | Open | HalfOpen;

interface Probe {
  readonly kind: "probe";
  readonly of: HalfOpen;
  stop: () => void;
}

/** Lets one call through; goes back to the breaker with the call's verdict, once. */
export type Permit = Closed | Probe;

/** A breaker as logs and reports show it. */
export interface BreakerView {
  /** `shop.v1.Orders/Get`. */
  readonly method: string;
  readonly subset: string;
  readonly state: State["kind"];
  /** When it left the closed state, in milliseconds of the clock; undefined while it is closed. */
  readonly sinceMs: number | undefined;
  /** Why it opened; undefined while it is closed. */
  readonly seen: Counts | undefined;
  /** When a call last asked for it. */
  readonly usedMs: number;
}

export interface BreakerEnv {
  readonly clock: Clock;
  readonly windows: RollingWindows;
  readonly settings: BreakerSettings;
  /** Hears of each change of state. Must not throw. */
  changed(breaker: BreakerView, from: State["kind"]): void;
}

/**
 * Stops calls to what fails anyway: closed, it counts; open, it refuses; half-open, exactly `probes` calls are let
 * through, and only when all have succeeded does it close. Nygard, "Release It!"; the states as in cockatiel.
 *
 * It only moves when it is used or a probe's time is up, and a verdict counts in the state in which its call was let
 * through: a call of the time before says nothing about the time after.
 */
export class Breaker implements BreakerView {
  readonly method: string;
  readonly subset: string;
  usedMs: number;
  readonly #env: BreakerEnv;
  #state: State;

  constructor(method: string, subset: string, env: BreakerEnv) {
    this.method = method;
    this.subset = subset;
    this.#env = env;
    this.usedMs = env.clock.now();
    this.#state = { kind: "closed", counts: env.windows.create() };
  }

  get state(): State["kind"] {
    return this.#state.kind;
  }

  get sinceMs(): number | undefined {
    return this.#state.kind === "closed" ? undefined : this.#state.sinceMs;
  }

  get seen(): Counts | undefined {
    return this.#state.kind === "closed" ? undefined : this.#state.seen;
  }

  /** A permit for one call, or why there is none. */
  admit(nowMs: number): Permit | BreakerOpen {
    this.usedMs = nowMs;
    const state = this.#state;
    if (state.kind === "closed") return state;
    if (state.kind === "half-open") {
      const hasPlace = state.probes.size + state.succeeded < this.#env.settings.probes;
      return hasPlace ? this.#probe(state) : this.#refused(state.kind, state.seen, undefined);
    }
    if (nowMs < state.untilMs) return this.#refused(state.kind, state.seen, state.untilMs);
    const { sinceMs, seen } = state;
    const halfOpen: HalfOpen = { kind: "half-open", sinceMs, seen, probes: new Set(), succeeded: 0 };
    this.#become(halfOpen);
    return this.#probe(halfOpen);
  }

  /** What became of a call. */
  settle(permit: Permit, verdict: Verdict): void {
    if (permit.kind === "closed") this.#count(permit, verdict);
    else this.#decide(permit, verdict);
  }

  /** Lets go of its window, when it is forgotten. */
  close(): void {
    if (this.#state.kind === "closed") this.#state.counts.close();
  }

  #count(state: Closed, verdict: Verdict): void {
    if (verdict === "none" || state !== this.#state) return;
    const failed = verdict === "failure";
    state.counts.add(failed);
    if (!failed) return;
    const { minCalls, failureRatio } = this.#env.settings;
    const seen = state.counts.read();
    if (seen.calls < minCalls || seen.failures < failureRatio * seen.calls) return;
    state.counts.close();
    this.#open(this.#env.clock.now(), seen);
  }

  #decide(probe: Probe, verdict: Verdict): void {
    const state = probe.of;
    // After its time was up, or after another one has decided.
    if (state !== this.#state || !state.probes.delete(probe)) return;
    probe.stop();
    if (verdict === "none") return;
    if (verdict === "failure") {
      for (const other of state.probes) other.stop();
      this.#open(state.sinceMs, state.seen);
    } else if (++state.succeeded === this.#env.settings.probes) {
      this.#become({ kind: "closed", counts: this.#env.windows.create() });
    }
  }

  #probe(state: HalfOpen): Probe {
    const { clock, settings } = this.#env;
    const probe: Probe = { kind: "probe", of: state, stop: () => {} };
    state.probes.add(probe);
    probe.stop = clock.timer(settings.probeTimeoutMs, () => this.#decide(probe, "failure"));
    return probe;
  }

  #open(sinceMs: number, seen: Counts): void {
    const { clock, settings } = this.#env;
    this.#become({ kind: "open", sinceMs, untilMs: clock.now() + settings.openMs, seen });
  }

  #become(state: State): void {
    const from = this.#state.kind;
    this.#state = state;
    this.#env.changed(this, from);
  }

  #refused(state: "open" | "half-open", seen: Counts, nextTryMs: number | undefined): BreakerOpen {
    return new BreakerOpen({ method: this.method, subset: this.subset, state, ...seen, nextTryMs });
  }
}
