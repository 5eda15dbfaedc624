import type { BalancerEnv, BalancerFactory, Clock, Endpoint, Outcome } from "@rollcall/core";
import { Latencies } from "./latencies.js";
import { loadOf } from "./least-request.js";
import { WeighedBalancer, type Choice } from "./weighed-balancer.js";
import { WeightedPair } from "./weighted-pair.js";
import type { Weights } from "./weights.js";

/** Latencies that differ by less than this factor are taken for equal: chance must not override the weights. */
const similar = 2;

class CheaperOfTwo implements Choice {
  readonly #weights: Weights;
  readonly #clock: Clock;
  readonly #pair: WeightedPair;
  readonly #latencies: Latencies = new Latencies();

  constructor(weights: Weights, env: BalancerEnv) {
    this.#weights = weights;
    this.#clock = env.clock;
    this.#pair = new WeightedPair(
      weights,
      () => env.random(),
      (second, first) => this.#cheaper(second, first),
    );
  }

  rebuilt(before: ReadonlyMap<Endpoint, number>): void {
    this.#pair.rebuilt();
    this.#latencies.rebuild(this.#weights.view, before, this.#weights.nowMs);
  }

  changed(index: number, weight: number): void {
    this.#pair.changed(index, weight);
  }

  choose(): number {
    return this.#pair.choose();
  }

  settled(index: number, outcome: Outcome): void {
    this.#latencies.record(index, outcome, this.#clock.now());
  }

  #cheaper(second: number, first: number): boolean {
    const { nowMs } = this.#weights;
    const secondMs = this.#latencies.estimate(second, nowMs);
    const firstMs = this.#latencies.estimate(first, nowMs);
    if (secondMs < similar * firstMs && firstMs < similar * secondMs)
      return loadOf(this.#weights, second) < loadOf(this.#weights, first);
    return this.#cost(second, secondMs) < this.#cost(first, firstMs);
  }

  #cost(index: number, latencyMs: number): number {
    const { inflight } = (this.#weights.view[index] as Endpoint).stats;
    return (latencyMs * (inflight + 1)) / (this.#weights.values[index] as number);
  }
}

/**
 * Of two different endpoints drawn in proportion to their weights, the one that costs less: latency x (calls in flight +
 * 1) / weight. Where their latencies differ by less than a factor of 2 calls in flight / weight decides, and of equals the
 * first drawn is taken, so that weights hold where there are hardly any calls, too. Weight 0 gets nothing. The default, because it alone sees that an instance is slow before its queue shows it, and forgives it soon after.
 *
 * The latency is peak-sensitive: a slower answer than the estimate replaces it at once, faster ones move it with a decay
 * of 10 s, and so does silence. A newcomer is assumed to be as fast as the average of all (30 ms before the first
 * answer) until it answers, while its weight slow-starts. A server's fault counts as an answer 10 times slower than the average, so that
 * failing fast does not attract calls; calls that no handler saw do not count, and cancelled ones only when they took
 * longer than the estimate.
 *
 * Takes O(log n) per pick. Tried endpoints are left out; when only those are left the answer is a `NoPick`.
 *
 * Sources: Finagle's `PeakEwma`, https://twitter.github.io/finagle/guide/Clients.html#power-of-two-choices-p2c-least-loaded,
 * and Linkerd's, https://linkerd.io/2016/03/16/beyond-round-robin-load-balancing-for-latency/, for the cost and the
 * decay; linkerd2-proxy for the 30 ms. Assumed averages, what counts as similar, and the price of
 * a fault are ours.
 */
export const peakEwma: BalancerFactory = {
  name: "peak-ewma",
  create: (env) => new WeighedBalancer(env, (weights) => new CheaperOfTwo(weights, env)),
};
