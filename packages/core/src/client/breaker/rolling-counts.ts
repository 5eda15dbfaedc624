import { EventEmitter } from "node:events";
import CircuitBreaker from "opossum";
import type { Clock } from "../../ports/clock.js";

/** Calls of the window, and how many of them failed. */
export interface Counts {
  readonly calls: number;
  readonly failures: number;
}

/** Counts calls over a rolling window. */
export interface RollingCounts {
  add(failed: boolean): void;
  read(): Counts;
  /** Lets go of the window; what is added later is lost. */
  close(): void;
}

/**
 * opossum's own counters that only count: `successes` and `failures` keep a number per call beside, for percentiles, also
 * when those are off. Its types leave `increment` out.
 */
interface Status extends CircuitBreaker.Status {
  increment(counter: "fires" | "rejects"): void;
  shutdown(): void;
}

const slices = 10;

/**
 * The windows of many counts, which turn together: opossum's rolling windows, turned by our clock whenever one of them is
 * used. A timer per window, as opossum has by default, would cost the idle ones something, and tests their time.
 */
export class RollingWindows {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #rotation = new EventEmitter().setMaxListeners(0);
  #slice: number;

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#slice = this.#now();
  }

  create(): RollingCounts {
    const status = CircuitBreaker.newStatus({
      rollingCountBuckets: slices,
      rollingCountTimeout: this.#windowMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#rotation,
    }) as Status;
    return {
      add: (failed) => {
        this.#turn();
        status.increment("fires");
        if (failed) status.increment("rejects");
      },
      read: () => {
        this.#turn();
        let calls = 0;
        let failures = 0;
        // Not `stats`: it adds up every counter there is, which takes a hundred times as long.
        for (const slice of status.window) {
          calls += slice.fires;
          failures += slice.rejects;
        }
        return { calls, failures };
      },
      close: () => status.shutdown(),
    };
  }

  #now(): number {
    return Math.floor((this.#clock.now() * slices) / this.#windowMs);
  }

  #turn(): void {
    const slice = this.#now();
    for (let left = Math.min(slices, slice - this.#slice); left > 0; left--) this.#rotation.emit("rotate");
    this.#slice = slice;
  }
}
