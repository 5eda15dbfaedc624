import type { BalancerFactory } from "@rollcall/core";
import { WeighedBalancer, type Choice } from "./weighed-balancer.js";
import type { Weights } from "./weights.js";

class Uniform implements Choice {
  readonly #weights: Weights;
  readonly #random: () => number;

  constructor(weights: Weights, random: () => number) {
    this.#weights = weights;
    this.#random = random;
  }

  rebuilt(): void {}
  changed(): void {}

  choose(): number {
    const weights = this.#weights;
    while (weights.weighted > 0) {
      const index = weights.weightedAt(Math.floor(this.#random() * weights.weighted));
      if (weights.verify(index) > 0) return index;
    }
    return -1;
  }
}

/**
 * Any endpoint, all alike, whatever their weights, except that weight 0 gets nothing. Needs no state, so it is the
 * policy that many callers who know nothing of each other can hardly get wrong.
 *
 * Takes a constant time per pick. Tried endpoints are left out; when only those are left the answer is a `NoPick`.
 *
 * Source: Envoy's random load balancer,
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers#random
 */
export const random: BalancerFactory = {
  name: "random",
  create: (env) => new WeighedBalancer(env, (weights) => new Uniform(weights, () => env.random())),
};
