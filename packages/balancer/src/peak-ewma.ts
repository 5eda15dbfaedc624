import type { BalancerFactory, BalancerEnv, Endpoint, Outcome } from "@rollcall/core";
import { Latencies } from "./latencies.js";
import { TwoChoices, type Preference } from "./two-choices.js";
import { WeighedBalancer } from "./weighed-balancer.js";
import type { Weights } from "./weights.js";

class Cheaper implements Preference {
  readonly #weights: Weights;
  readonly #env: BalancerEnv;
  readonly #latencies: Latencies = new Latencies();

  constructor(weights: Weights, env: BalancerEnv) {
    this.#weights = weights;
    this.#env = env;
  }

  rebuilt(before: ReadonlyMap<Endpoint, number>): void {
    this.#latencies.rebuild(this.#weights.view, before, this.#weights.nowMs);
  }

  /** By chance, the more surely the cheaper: differences that are noise then move as many calls there as back. */
  prefers(other: number, one: number, meanWeight: number): boolean {
    const ratio = this.#cost(other, meanWeight) / this.#cost(one, meanWeight);
    return ratio < 1 && this.#env.random() < 1 - ratio * ratio;
  }

  settled(index: number, outcome: Outcome): void {
    this.#latencies.record(index, outcome, this.#env.clock.now());
  }

  #cost(index: number, meanWeight: number): number {
    const { inflight } = (this.#weights.view[index] as Endpoint).stats;
    const latencyMs = this.#latencies.estimate(index, this.#weights.nowMs);
    return latencyMs * (1 + (inflight * meanWeight) / (this.#weights.values[index] as number));
  }
}

/**
 * Draws two different endpoints in proportion to their weights, and takes the second instead of the first when it costs
 * less: with probability 1 - (its cost / the other's)^2. The cost is latency x (1 + calls in flight per weight, the mean
 * weight being 1). The default, because it alone sees that an instance is slow before its queue shows it, and forgives
 * it soon after.
 *
 * So among equals calls follow the weights, idle or busy, and calls in flight settle in proportion to weight / latency;
 * one that takes twice as long as another loses three quarters of its draws against it, and one that takes ten times as
 * long nearly all.
 *
 * The latency is peak-sensitive: a slower answer than the estimate replaces it at once, faster ones move it with a decay
 * of 10 s, and so does silence. A newcomer is assumed to be as fast as the median of the others (30 ms when
 * there are none), while its weight slow-starts. A server's fault counts as an answer 10 times slower than the average, so that
 * failing fast does not attract calls; calls that no handler saw do not count, and cancelled ones only when they took
 * longer than the estimate. Weight 0 gets nothing.
 *
 * Takes O(log n) per pick. Tried endpoints are left out; when only those are left the answer is a `NoPick`.
 *
 * Sources: Finagle's `PeakEwma`, https://twitter.github.io/finagle/guide/Clients.html#power-of-two-choices-p2c-least-loaded,
 * and Linkerd's, https://linkerd.io/2016/03/16/beyond-round-robin-load-balancing-for-latency/, for the latency, the two
 * choices and the decay; linkerd2-proxy for the 30 ms. Weighted draws, the choice by chance, assumed medians and the
 * price of a fault are ours.
 */
export const peakEwma: BalancerFactory = {
  name: "peak-ewma",
  create: (env) =>
    new WeighedBalancer(
      env,
      (weights) => new TwoChoices(weights, () => env.random(), new Cheaper(weights, env)),
    ),
};
