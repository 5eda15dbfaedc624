import type { Rule, Target } from "@rollcall/core";
import { samePairs, sameTarget } from "./target.js";

/** A change of one rule. With `weight` it is about the target's weight rule, with `headers` about that header rule, else its percent rule. */
export interface RuleEdit {
  readonly to: Target;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly percent?: number | undefined;
  readonly weight?: number | undefined;
  readonly key?: string | undefined;
  readonly lane?: string | undefined;
}

export type RuleKind = "weight" | "header" | "percent";

/** Which of its three kinds a rule is. */
export function kindOf(rule: Pick<Rule, "weight" | "headers">): RuleKind {
  if (rule.weight !== undefined) return "weight";
  return rule.headers === undefined ? "percent" : "header";
}

/** Whether two rules are about the same thing, so that one takes the other's place. */
export function isSameRule(one: Rule | RuleEdit, other: Rule | RuleEdit): boolean {
  return (
    kindOf(one) === kindOf(other) &&
    sameTarget(one.to, other.to) &&
    samePairs(one.headers ?? {}, other.headers ?? {})
  );
}

/**
 * Rules in which the edit's rule has the edit's values. A rule that was there keeps its place, and its key, lane and
 * percent unless the edit has others; a new weight rule goes before those that are less specific, since the first one
 * that fits an instance counts.
 */
export function editRules(rules: readonly Rule[], edit: RuleEdit): readonly Rule[] {
  const at = rules.findIndex((rule) => isSameRule(rule, edit));
  if (at >= 0) return rules.with(at, merged(edit, rules[at]));
  const place =
    kindOf(edit) === "weight"
      ? rules.findIndex((rule) => kindOf(rule) === "weight" && specificity(rule.to) < specificity(edit.to))
      : -1;
  return rules.toSpliced(place < 0 ? rules.length : place, 0, merged(edit, undefined));
}

/** Rules without those of the target, of all kinds; with `headers`, without that header rule only. */
export function clearRules(rules: readonly Rule[], { to, headers }: RuleEdit): readonly Rule[] {
  return rules.filter((rule) => (headers ? !isSameRule(rule, { to, headers }) : !sameTarget(rule.to, to)));
}

/** Without undefined fields: what is stored has none, so a document compares equal to what is read back. */
function merged({ to, headers, ...edit }: RuleEdit, before: Rule | undefined): Rule {
  const { percent, weight, key, lane } = { ...before, ...defined(edit) };
  return defined({ to: defined(to), headers, percent, weight, key, lane });
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

function specificity({ version, track, id, labels = {} }: Target): number {
  const fields = [version, track].filter((each) => each !== undefined).length;
  return (id === undefined ? 0 : 1000) + fields + Object.keys(labels).length;
}
