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

/** @param policy default that of clients */
export function observedPicks(policy: BalancerFactory = standardStack(peakEwma)): ObservedPicks {
  const picks = new Map<string, number[]>();
  return {
    last: (address) => picks.get(address)?.at(-1) ?? Number.NaN,
    count: (address) => picks.get(address)?.length ?? 0,
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
            const times = picks.get(address);
            if (times) times.push(performance.now());
            else picks.set(address, [performance.now()]);
            return picked;
          },
          settled: (endpoint, outcome) => balancer.settled?.(endpoint, outcome),
          close: () => balancer.close(),
        };
      },
    },
  };
}
