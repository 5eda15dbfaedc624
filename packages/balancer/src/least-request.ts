import type { BalancerFactory, Endpoint } from "@rollcall/core";
import { SumTree } from "./sum-tree.js";
import { WeighedBalancer, type Choice } from "./weighed-balancer.js";
import type { Weights } from "./weights.js";

class LeastOfTwo implements Choice {
  readonly #weights: Weights;
  readonly #random: () => number;
  readonly #tree: SumTree = new SumTree();

  constructor(weights: Weights, random: () => number) {
    this.#weights = weights;
    this.#random = random;
  }

  rebuilt(): void {
    this.#tree.fill(this.#weights.values);
  }

  changed(index: number, weight: number): void {
    this.#tree.set(index, weight);
  }

  choose(): number {
    const one = this.#draw();
    if (one < 0 || this.#weights.weighted === 1) return one;
    this.#tree.set(one, 0);
    const other = this.#draw();
    this.#tree.set(one, this.#weights.values[one] as number);
    return other >= 0 && this.#load(other) < this.#load(one) ? other : one;
  }

  #draw(): number {
    for (;;) {
      const index = this.#tree.draw(this.#random());
      if (index < 0 || this.#weights.verify(index) > 0) return index;
    }
  }

  /** Calls in flight per weight. Not one more than that: idle endpoints are to be equals, so that the draw decides. */
  #load(index: number): number {
    const { inflight } = (this.#weights.view[index] as Endpoint).stats;
    return inflight / (this.#weights.values[index] as number);
  }
}

/**
 * Of two different endpoints drawn in proportion to their weights, the one with fewer calls in flight for its weight;
 * of equals the first drawn. So calls in flight settle in proportion to the weights, and where there are hardly any,
 * calls do. Weight 0 gets nothing.
 *
 * Only this caller's own calls are known to it; with two choices that is enough to keep the longest queue short,
 * without the herding that picking the least of all brings. An endpoint that fails fast looks idle: use
 * `outlierEjection` around it.
 *
 * Takes O(log n) per pick. Tried endpoints are left out; when only those are left the answer is a `NoPick`.
 *
 * Sources: gRFC A48, https://github.com/grpc/proposal/blob/master/A48-xds-least-request-lb-policy.md; M. Mitzenmacher,
 * "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 12 (2001). The weights are ours: A48 has none.
 */
export const leastRequest: BalancerFactory = {
  name: "least-request",
  create: (env) => new WeighedBalancer(env, (weights) => new LeastOfTwo(weights, () => env.random())),
};
