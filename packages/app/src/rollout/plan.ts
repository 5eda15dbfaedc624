import { ConfigError, type Rollout, type RolloutPolicy, type RolloutState, type Rule } from "@rollcall/core";
import { checkOptions, type RolloutOptions } from "./rollout-options.js";

/** What a registry keeps of a reason, in characters. */
const longestReason = 1_024;

/** Who changes a policy, when, and why. */
export interface Author {
  /** A user, or an app and the instance of it that decided. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Default: what the change does, in words. */
  readonly reason?: string | undefined;
}

/** A policy of which it is known that it has a rollout. */
export type RolloutInForce = RolloutPolicy & { readonly rollout: Rollout };

/**
 * The first step of a release. Percent rules for that version are replaced, be they open or closed by an earlier abort;
 * all other rules stay.
 * @param policy what is in force; undefined when the service has none, and then `options.from` is needed
 * @throws ConfigError while another rollout is running or paused, and for options that are wrong
 */
export function startRollout(
  service: string,
  policy: RolloutPolicy | undefined,
  options: RolloutOptions,
  { by, at, reason }: Author,
): RolloutInForce {
  const active = policy?.rollout;
  if (isActive(active)) {
    throw new ConfigError(
      `a rollout of ${service} to ${active.to} is ${active.state}; abort it, or let it end, before another one starts`,
    );
  }
  const plan = checkOptions(service, policy, options);
  const { to, steps } = plan;
  const [percent = 0] = steps;
  const others = (policy?.rules ?? []).filter((rule) => !(isPercentRule(rule) && rule.to.version === to));
  return {
    gen: (policy?.gen ?? 0) + 1,
    stable: plan.from,
    rules: [...others, { to: { version: to }, percent }],
    rollout: { ...plan, state: "running", step: 0, startedAt: at, stepAt: at },
    by,
    reason: reason ?? `rollout to ${to} started: ${percent} %`,
    at,
  };
}

/** Holds the step in force. A sick version is aborted all the same. */
export function pauseRollout(
  service: string,
  policy: RolloutPolicy | undefined,
  author: Author,
): RolloutInForce {
  const current = inState(service, policy, ["running"], "pause");
  const { rollout, rules } = current;
  const why = `rollout to ${rollout.to} paused at ${percentOf(rollout)} %`;
  return changed(current, author, why, rules, { ...rollout, state: "paused" });
}

/** Goes on with the step in force, which gets its whole interval again. */
export function resumeRollout(
  service: string,
  policy: RolloutPolicy | undefined,
  author: Author,
): RolloutInForce {
  const current = inState(service, policy, ["paused"], "resume");
  const { rollout, rules } = current;
  const why = `rollout to ${rollout.to} resumed at ${percentOf(rollout)} %`;
  return changed(current, author, why, rules, { ...rollout, state: "running", stepAt: author.at });
}

/**
 * The next step's percent.
 * @throws ConfigError after the last step: `promoteRollout` ends it
 */
export function nextStep(service: string, policy: RolloutPolicy | undefined, author: Author): RolloutInForce {
  const current = inState(service, policy, ["running"], "take the next step of");
  const { rollout, rules } = current;
  const step = rollout.step + 1;
  const percent = rollout.steps[step];
  if (percent === undefined) {
    throw new ConfigError(`the rollout of ${service} to ${rollout.to} is at its last step; promote it`);
  }
  const why = `step ${step + 1} of ${rollout.steps.length}: ${percent} % to ${rollout.to}`;
  return changed(current, author, why, withPercent(rules, rollout.to, percent), {
    ...rollout,
    step,
    stepAt: author.at,
  });
}

/** Makes the new version the stable one, with no rules left, in this one change. Allowed at any step, and while paused. */
export function promoteRollout(
  service: string,
  policy: RolloutPolicy | undefined,
  author: Author,
): RolloutInForce {
  const current = inState(service, policy, ["running", "paused"], "promote");
  const { rollout } = current;
  const next = changed(current, author, `${rollout.to} promoted`, [], { ...rollout, state: "promoted" });
  return { ...next, stable: rollout.to };
}

/** Closes the new version: its percent rule stays, at 0, so that nothing sends a call there. */
export function abortRollout(
  service: string,
  policy: RolloutPolicy | undefined,
  author: Author,
): RolloutInForce {
  const current = inState(service, policy, ["running", "paused"], "abort");
  const { rollout, rules } = current;
  return changed(current, author, `rollout to ${rollout.to} aborted`, withPercent(rules, rollout.to, 0), {
    ...rollout,
    state: "aborted",
  });
}

/** The last policy known, for a registry that has lost the document. Its next generation: a caller that kept the old one sees a change. */
export function restorePolicy(known: RolloutPolicy, { by, at, reason }: Author): RolloutPolicy {
  return { ...known, gen: known.gen + 1, by, at, reason: reason ?? "restored: the document was missing" };
}

/** Whether a rollout is under way: running, or paused. */
export function isActive(
  rollout: Rollout | undefined,
): rollout is Rollout & { readonly state: "running" | "paused" } {
  return rollout?.state === "running" || rollout?.state === "paused";
}

/** Percent of the calls at the step in force. */
export function percentOf({ steps, step }: Pick<Rollout, "steps" | "step">): number {
  return steps[step] ?? 0;
}

function isPercentRule({ headers, weight, percent }: Rule): boolean {
  return headers === undefined && weight === undefined && percent !== undefined;
}

/** A rollout's own rule has the version as its only target; a percent rule for a part of it is somebody else's. */
function isOwnRule(rule: Rule, version: string): boolean {
  const { to } = rule;
  const whole = to.track === undefined && to.id === undefined && to.labels === undefined;
  return isPercentRule(rule) && to.version === version && whole;
}

/** In its place, since percent rules share out the calls in their order: moved, it would choose other calls. */
function withPercent(rules: readonly Rule[], version: string, percent: number): readonly Rule[] {
  const own = rules.find((rule) => isOwnRule(rule, version));
  if (!own) return [...rules, { to: { version }, percent }];
  return rules
    .filter((rule) => rule === own || !isOwnRule(rule, version))
    .map((rule) => (rule === own ? { ...own, percent } : rule));
}

function changed(
  policy: RolloutInForce,
  { by, at, reason }: Author,
  why: string,
  rules: readonly Rule[],
  rollout: Rollout,
): RolloutInForce {
  return {
    ...policy,
    gen: policy.gen + 1,
    rules,
    rollout,
    by,
    at,
    reason: (reason ?? why).slice(0, longestReason),
  };
}

function inState(
  service: string,
  policy: RolloutPolicy | undefined,
  allowed: readonly RolloutState[],
  what: string,
): RolloutInForce {
  const rollout = policy?.rollout;
  if (policy && rollout && allowed.includes(rollout.state)) return { ...policy, rollout };
  if (isActive(rollout)) {
    throw new ConfigError(
      `cannot ${what} the rollout of ${service} to ${rollout.to}: it is ${rollout.state}, not ${allowed.join(" or ")}`,
    );
  }
  const last = rollout ? `, the last one, to ${rollout.to}, was ${rollout.state}` : "";
  throw new ConfigError(
    `no rollout is running for ${service}${last}; start one with rollcall rollout start ${service} --to <version>`,
  );
}
