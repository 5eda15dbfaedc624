import type { RolloutPolicy, ServiceInstance } from "@rollcall/core";
import { kindOf } from "./rule-edit.js";
import { isTargeted } from "./target.js";

/** What an instance counts under a policy. */
export function effectiveWeight(instance: ServiceInstance, policy: RolloutPolicy | undefined): number {
  const { stable, rules = [] } = policy ?? {};
  const fitting = rules.filter(({ to }) => isTargeted(instance, to));
  if (fitting.some((rule) => kindOf(rule) === "percent" && rule.percent === 0)) return 0;
  const override = fitting.find((rule) => rule.weight !== undefined)?.weight;
  if (override !== undefined) return override;
  return instance.weight === 0 && instance.version === stable ? 100 : instance.weight;
}
