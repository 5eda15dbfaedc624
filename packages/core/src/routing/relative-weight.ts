import type { ServiceInstance } from "../ports/registry.js";
import type { RolloutPolicy, Rule } from "../ports/rollout.js";
import { matches } from "./target.js";

/** What an instance of the stable version that registered weight 0 counts as: it was a canary once. */
const promotedWeight = 100;

/** A rule that takes a share of all calls, and with it the only way to its target but for header rules and lanes. */
export function isPercentRule(rule: Rule): rule is Rule & { readonly percent: number } {
  return rule.percent !== undefined && rule.headers === undefined && rule.weight === undefined;
}

/** Whether the policy lets no call at all reach the instance: by a percent or a weight of 0. */
export function isClosed(instance: ServiceInstance, policy: RolloutPolicy): boolean {
  const closing = policy.rules.some(
    (rule) => isPercentRule(rule) && rule.percent === 0 && matches(rule.to, instance),
  );
  return closing || weightRule(instance, policy)?.weight === 0;
}

/**
 * The weight of an instance among its subset: the first weight rule's that fits; else the registered one, and 100 for an
 * instance of the stable version that registered 0. 0 when the policy closes it.
 */
export function relativeWeight(instance: ServiceInstance, policy: RolloutPolicy | undefined): number {
  if (!policy) return instance.weight;
  if (isClosed(instance, policy)) return 0;
  const weight = weightRule(instance, policy)?.weight ?? instance.weight;
  return weight === 0 && instance.version === policy.stable ? promotedWeight : weight;
}

/** The rule that says what an instance weighs, if one does. */
export function weightRule(instance: ServiceInstance, policy: RolloutPolicy): Rule | undefined {
  return policy.rules.find((rule) => rule.weight !== undefined && matches(rule.to, instance));
}
