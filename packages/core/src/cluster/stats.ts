import { isServerFault } from "../code.js";
import type { Outcome } from "../ports/balancer.js";
import type { EndpointStats } from "../ports/endpoint.js";

/** What was seen this long ago weighs 1/e. Linkerd's decay for peak EWMA. */
const decayMs = 10_000;

/** What a caller has seen of one endpoint: moving averages, weighted by time. */
export class Stats implements EndpointStats {
  inflight = 0;
  latencyMs = 0;
  successRate = 1;
  #lastMs: number | undefined;

  record(outcome: Outcome, nowMs: number): void {
    const success = isServerFault(outcome.code) ? 0 : 1;
    const keep = this.#lastMs === undefined ? 0 : Math.exp(-Math.max(1, nowMs - this.#lastMs) / decayMs);
    this.latencyMs = this.latencyMs * keep + outcome.latencyMs * (1 - keep);
    this.successRate = this.#lastMs === undefined ? success : this.successRate * keep + success * (1 - keep);
    this.#lastMs = nowMs;
  }
}
