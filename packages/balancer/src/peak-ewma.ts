import type { BalancerFactory, Clock, Endpoint, Outcome } from "@rollcall/core";
import { Latencies } from "./latencies.js";
import { WeighedBalancer, type Choice } from "./weighed-balancer.js";
import type { Weights } from "./weights.js";

class CheaperOfTwo implements Choice {
  readonly #weights: Weights;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #latencies: Latencies = new Latencies();

  constructor(weights: Weights, clock: Clock, random: () => number) {
    this.#weights = weights;
    this.#clock = clock;
    this.#random = random;
  }

  rebuilt(before: ReadonlyMap<Endpoint, number>): void {
    this.#latencies.rebuild(this.#weights.view, before, this.#weights.nowMs);
  }

  changed(): void {}

  choose(): number {
    const weights = this.#weights;
    while (weights.weighted > 0) {
      const place = Math.floor(this.#random() * weights.weighted);
      const one = weights.weightedAt(place);
      if (weights.verify(one) === 0) continue;
      if (weights.weighted === 1) return one;
      const next = Math.floor(this.#random() * (weights.weighted - 1));
      const other = weights.weightedAt(next < place ? next : next + 1);
      if (weights.verify(other) === 0) continue;
      return this.#cost(other) < this.#cost(one) ? other : one;
    }
    return -1;
  }

  settled(index: number, outcome: Outcome): void {
    this.#latencies.record(index, outcome, this.#clock.now());
  }

  #cost(index: number): number {
    const { inflight } = (this.#weights.view[index] as Endpoint).stats;
    const latencyMs = this.#latencies.estimate(index, this.#weights.nowMs);
    return (latencyMs * (inflight + 1)) / (this.#weights.values[index] as number);
  }
}

/**
 * Of two different endpoints drawn at random, the one that costs less: latency x (calls in flight + 1) / weight. The
 * default, because it alone sees that an instance is slow before its queue shows it, and forgives it soon after.
 *
 * The latency is peak-sensitive: a slower answer than the estimate replaces it at once, faster ones move it with a decay
 * of 10 s, and so does silence. A newcomer is assumed to be as fast as the average of all (30 ms before the first
 * answer), while its weight slow-starts. A server's fault counts as an answer 10 times slower than the average, so that
 * failing fast does not attract calls; calls that no handler saw do not count, and cancelled ones only when they took
 * longer than the estimate.
 *
 * Weights are capacities: under load, calls in flight settle in proportion to weight / latency. While there are hardly
 * any calls in flight, two endpoints of very different weight are not alternated between: the lighter one gets a call
 * when its estimate has decayed. Weight 0 gets nothing.
 *
 * Takes a constant time per pick. Tried endpoints are left out; when only those are left the answer is a `NoPick`.
 *
 * Sources: Finagle's `PeakEwma`, https://twitter.github.io/finagle/guide/Clients.html#power-of-two-choices-p2c-least-loaded,
 * and Linkerd's, https://linkerd.io/2016/03/16/beyond-round-robin-load-balancing-for-latency/, for the cost and the
 * decay; linkerd2-proxy for the 30 ms. Assumed averages and the price of a fault are ours.
 */
export const peakEwma: BalancerFactory = {
  name: "peak-ewma",
  create: (env) =>
    new WeighedBalancer(env, (weights) => new CheaperOfTwo(weights, env.clock, () => env.random())),
};
