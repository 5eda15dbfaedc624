import type { Rollout, RolloutPolicy, Rule } from "@rollcall/core";
import { isActive } from "@rollcall/app/rollout";
import { formatPercent } from "../share.js";
import { isSameRule, kindOf } from "./rule-edit.js";
import { targetText } from "./target.js";

/** A policy in words: `stable 1.4.0`, `1.5.0 at 5 %`, `rollout to 1.5.0 running`. */
export function policyWords({ stable, rules, rollout }: RolloutPolicy): readonly string[] {
  return [
    `stable ${stable}`,
    ...rules.map((rule) =>
      kindOf(rule) === "weight" ? ruleText(rule) : `${subject(rule)} at ${value(rule)}`,
    ),
    ...(isActive(rollout) ? [`rollout to ${rollout.to} ${rollout.state}`] : []),
  ];
}

/** What a policy changed in the one before, in words: `stable 1.4.0 -> 1.5.0`, `1.5.0: 5 % -> 25 %`. */
export function policyChanges(before: RolloutPolicy | undefined, after: RolloutPolicy): readonly string[] {
  const changes = [
    ...stableChange(before, after),
    ...ruleChanges(before?.rules ?? [], after.rules),
    ...rolloutChange(before?.rollout, after.rollout),
  ];
  return changes.length > 0 ? changes : ["nothing"];
}

function stableChange(before: RolloutPolicy | undefined, { stable }: RolloutPolicy): readonly string[] {
  if (before?.stable === stable) return [];
  return [before ? `stable ${before.stable} -> ${stable}` : `stable ${stable}`];
}

function ruleChanges(before: readonly Rule[], after: readonly Rule[]): readonly string[] {
  const changed = after.flatMap((rule) => {
    const was = before.find((each) => isSameRule(each, rule));
    if (!was) return [`${subject(rule)}: ${value(rule)}`];
    return value(was) === value(rule) ? [] : [`${subject(rule)}: ${value(was)} -> ${value(rule)}`];
  });
  const removed = before
    .filter((rule) => !after.some((each) => isSameRule(each, rule)))
    .map((rule) => `${subject(rule)}: ${value(rule)} -> no rule`);
  const moved =
    changed.length + removed.length === 0 && before.some((rule, n) => !isSameRule(rule, after[n] ?? rule));
  return [...changed, ...removed, ...(moved ? ["order of the rules"] : [])];
}

function rolloutChange(before: Rollout | undefined, after: Rollout | undefined): readonly string[] {
  if (!after) return before ? [`rollout to ${before.to} forgotten`] : [];
  const began = before?.id !== after.id;
  const state = began ? (after.state === "running" ? "started" : after.state) : stateChange(before, after);
  const step = !began && before.step !== after.step ? [`step ${before.step + 1} -> ${after.step + 1}`] : [];
  return [...step, ...(state ? [`rollout to ${after.to} ${state}`] : [])];
}

function stateChange(before: Rollout, { state }: Rollout): string | undefined {
  if (before.state === state) return undefined;
  return state === "running" ? "resumed" : state;
}

function ruleText(rule: Rule): string {
  return `${subject(rule)} ${value(rule)}`;
}

function subject(rule: Rule): string {
  const target = targetText(rule.to);
  const pairs = Object.entries(rule.headers ?? {}).map(([name, each]) => `${name}=${each}`);
  if (kindOf(rule) === "weight") return `weight of ${target}`;
  return pairs.length > 0 ? `${pairs.join(" ")} to ${target}` : target;
}

function value(rule: Rule): string {
  if (rule.weight !== undefined) return String(rule.weight);
  const key = rule.key === undefined ? "" : ` by ${rule.key}`;
  const lane = rule.lane === undefined ? "" : ` on lane ${rule.lane}`;
  return `${formatPercent(rule.percent ?? 100)}${key}${lane}`;
}
