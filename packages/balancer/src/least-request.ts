import type { BalancerFactory, Endpoint } from "@rollcall/core";
import { WeighedBalancer } from "./weighed-balancer.js";
import { WeightedPair } from "./weighted-pair.js";
import type { Weights } from "./weights.js";

/** Calls in flight per weight. Not one more than that: idle endpoints are to be equals, so that the draw decides. */
export function loadOf(weights: Weights, index: number): number {
  return (weights.view[index] as Endpoint).stats.inflight / (weights.values[index] as number);
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
  create: (env) =>
    new WeighedBalancer(env, (weights) => {
      const lighter = (second: number, first: number): boolean =>
        loadOf(weights, second) < loadOf(weights, first);
      return new WeightedPair(weights, () => env.random(), lighter);
    }),
};
