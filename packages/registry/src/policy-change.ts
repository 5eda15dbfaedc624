import { ConfigError, type PolicyChange } from "@rollcall/core";
import { policyFault } from "./policy.js";
import { checkServiceName } from "./service-name.js";

/** How many policies change in one transaction: each takes two of the 128 operations that etcd allows by default. */
export const mostChanges = 64;

/** Throws a `ConfigError` that names the first change which cannot be stored, its rule and the reason. */
export function checkChanges(changes: readonly PolicyChange[]): void {
  if (changes.length > mostChanges)
    throw new ConfigError(`cannot change ${changes.length} policies at once; allowed: ${mostChanges}`);
  const seen = new Set<string>();
  for (const { service, policy } of changes) {
    checkServiceName(service);
    const fault = policyFault(policy);
    if (fault !== undefined) throw new ConfigError(`cannot store the policy of ${service}: ${fault}`);
    if (seen.has(service)) throw new ConfigError(`cannot store the policy of ${service} twice at once`);
    seen.add(service);
  }
}
