import { Code, isServerFault, type Endpoint, type Outcome } from "@rollcall/core";

/** What was seen this long ago weighs 1/e. */
const decayMs = 10_000;
/** Assumed until the first answer of anybody. */
const assumedMs = 30;
/** An idle endpoint's estimate decays towards 0; below this it would hide how many calls it has in flight. */
const leastMs = 0.001;
/** A fault counts as an answer this many times slower than the average, if it was not slower still. */
const faultFactor = 10;

/**
 * Peak-sensitive latencies of endpoints, by their index in a view. An answer slower than the estimate replaces it; a
 * faster one moves it by the time passed since the last. Between answers an estimate decays, so that an endpoint that
 * nobody picks is tried again some day.
 */
export class Latencies {
  #estimates = new Float64Array(0);
  #seenAtMs = new Float64Array(0);
  /** Plain moving average over all endpoints, which newcomers are assumed to have. */
  #averageMs = assumedMs;
  #averagedAtMs = Number.NaN;

  /** Keeps those of endpoints that stay, forgets those that left, assumes the average for newcomers. */
  rebuild(view: readonly Endpoint[], before: ReadonlyMap<Endpoint, number>, nowMs: number): void {
    const [estimates, seenAtMs] = [this.#estimates, this.#seenAtMs];
    this.#estimates = Float64Array.from(view, (endpoint) => {
      const index = before.get(endpoint);
      return index === undefined ? this.#averageMs : (estimates[index] as number);
    });
    this.#seenAtMs = Float64Array.from(view, (endpoint) => {
      const index = before.get(endpoint);
      return index === undefined ? nowMs : (seenAtMs[index] as number);
    });
  }

  estimate(index: number, nowMs: number): number {
    const passedMs = nowMs - (this.#seenAtMs[index] as number);
    const estimate = (this.#estimates[index] as number) * Math.exp(-passedMs / decayMs);
    return estimate > leastMs ? estimate : leastMs;
  }

  record(index: number, { code, latencyMs, processed }: Outcome, nowMs: number): void {
    if (processed === "no") return;
    const fault = isServerFault(code);
    const seenMs = fault ? Math.max(latencyMs, faultFactor * this.#averageMs) : latencyMs;
    const estimate = this.estimate(index, nowMs);
    if (seenMs < estimate) {
      // That a caller gave up early says nothing of how long it would have taken.
      if (code === Code.Cancelled) return;
      const keep = Math.exp(-(nowMs - (this.#seenAtMs[index] as number)) / decayMs);
      this.#estimates[index] = (this.#estimates[index] as number) * keep + seenMs * (1 - keep);
    } else {
      this.#estimates[index] = seenMs;
    }
    this.#seenAtMs[index] = nowMs;
    if (!fault && code !== Code.Cancelled) this.#average(latencyMs, nowMs);
  }

  #average(latencyMs: number, nowMs: number): void {
    const passedMs = nowMs - this.#averagedAtMs;
    const keep = Number.isNaN(passedMs) ? 0 : Math.exp(-Math.max(1, passedMs) / decayMs);
    this.#averageMs = this.#averageMs * keep + latencyMs * (1 - keep);
    this.#averagedAtMs = nowMs;
  }
}
