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
  /** 1 where there was an answer. */
  #measured = new Uint8Array(0);
  /** Plain moving average over all endpoints, which those without an answer are assumed to have. */
  #averageMs = assumedMs;
  #averagedAtMs = Number.NaN;

  /** Keeps those of endpoints that stay, and forgets those that left. */
  rebuild(view: readonly Endpoint[], before: ReadonlyMap<Endpoint, number>, nowMs: number): void {
    const [estimates, seenAtMs, measured] = [this.#estimates, this.#seenAtMs, this.#measured];
    this.#measured = Uint8Array.from(view, (endpoint) => measured[before.get(endpoint) ?? -1] ?? 0);
    this.#estimates = Float64Array.from(view, (endpoint) => estimates[before.get(endpoint) ?? -1] ?? 0);
    this.#seenAtMs = Float64Array.from(view, (endpoint) => {
      const index = before.get(endpoint);
      return index === undefined ? nowMs : (seenAtMs[index] as number);
    });
  }

  estimate(index: number, nowMs: number): number {
    const passedMs = nowMs - (this.#seenAtMs[index] as number);
    const lastMs = this.#measured[index] === 1 ? (this.#estimates[index] as number) : this.#averageMs;
    const estimate = lastMs * Math.exp(-passedMs / decayMs);
    return estimate > leastMs ? estimate : leastMs;
  }

  record(index: number, { code, latencyMs, processed }: Outcome, nowMs: number): void {
    if (processed === "no") return;
    const fault = isServerFault(code);
    const seenMs = fault ? Math.max(latencyMs, faultFactor * this.#averageMs) : latencyMs;
    if (seenMs < this.estimate(index, nowMs)) {
      // That a caller gave up early says nothing of how long it would have taken.
      if (code === Code.Cancelled) return;
      const passedMs = Math.max(1, nowMs - (this.#seenAtMs[index] as number));
      const keep = this.#measured[index] === 1 ? Math.exp(-passedMs / decayMs) : 0;
      this.#estimates[index] = (this.#estimates[index] as number) * keep + seenMs * (1 - keep);
    } else {
      this.#estimates[index] = seenMs;
    }
    this.#seenAtMs[index] = nowMs;
    this.#measured[index] = 1;
    if (!fault && code !== Code.Cancelled) this.#average(latencyMs, nowMs);
  }

  #average(latencyMs: number, nowMs: number): void {
    const passedMs = nowMs - this.#averagedAtMs;
    const keep = Number.isNaN(passedMs) ? 0 : Math.exp(-Math.max(1, passedMs) / decayMs);
    this.#averageMs = this.#averageMs * keep + latencyMs * (1 - keep);
    this.#averagedAtMs = nowMs;
  }
}
