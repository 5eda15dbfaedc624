import { peakEwma, standardStack } from "@rollcall/balancer";
import { isNoPick, type BalancerFactory } from "@rollcall/core";

/**
 * The policy that clients have by default, noting when it picks each instance. Seen from a transport, calls on lanes would be
 * missing.
 */
export interface ObservedPicks {
  readonly balancer: BalancerFactory;
  /** When the last call was sent to the address, as `performance.now()` tells it. */
  last(address: string): number;
  count(address: string): number;
}

export function observedPicks(): ObservedPicks {
  const policy = standardStack(peakEwma);
  const picks = new Map<string, { lastMs: number; count: number }>();
  return {
    last: (address) => picks.get(address)?.lastMs ?? Number.NaN,
    count: (address) => picks.get(address)?.count ?? 0,
    balancer: {
      name: policy.name,
      create(env) {
        const balancer = policy.create(env);
        return {
          update: (view) => balancer.update(view),
          pick(args) {
            const picked = balancer.pick(args);
            if (isNoPick(picked)) return picked;
            const { address } = picked.instance;
            const count = (picks.get(address)?.count ?? 0) + 1;
            picks.set(address, { lastMs: performance.now(), count });
            return picked;
          },
          settled: (endpoint, outcome) => balancer.settled?.(endpoint, outcome),
          close: () => balancer.close(),
        };
      },
    },
  };
}
