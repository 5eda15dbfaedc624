import type { CallerReport, RegistryBackend, RolloutPolicy, RolloutStore } from "@rollcall/core";

/** A policy with nothing in it, and what differs. */
export function policyOf(change: Partial<RolloutPolicy> = {}): RolloutPolicy {
  return { gen: 1, stable: "1.4.0", rules: [], by: "ann", reason: "test", at: 1_700_000_000_000, ...change };
}

/** A report of one attempt. */
export function reportOf(caller: string, attempts: number = 1): CallerReport {
  const latency = [[7, attempts]] as const;
  const versions = { "1.4.0": { attempts, failures: 0, latency } };
  return { caller, rollout: "r1", steps: [{ step: 0, versions }] };
}

/** The store of a registry that has one. */
export function rolloutsOf(registry: RegistryBackend): RolloutStore {
  if (!registry.rollouts) throw new Error(`${registry.description} keeps no policies`);
  return registry.rollouts;
}
