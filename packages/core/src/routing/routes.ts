import type { ServiceInstance } from "../ports/registry.js";
import type { RolloutPolicy, Rule } from "../ports/rollout.js";
import { isClosed, isPercentRule, relativeWeight, weightRule } from "./relative-weight.js";
import { matches, targetName } from "./target.js";

/** The instances of a service that a call may go to. */
export interface Subset {
  /** The same for the same instances under one policy: `stable`, `version=1.5.0`, `lane=red`. */
  readonly name: string;
  /** Ids of those that were known when the routes were made. */
  readonly members: ReadonlySet<string>;
}

/** A rule that can choose a subset. */
export interface RuledRoute {
  readonly rule: Rule;
  readonly subset: Subset;
  /** Why a call is there, in words. */
  readonly reason: string;
  /** Percent rules share the range from 0 to 100: this one ends here, where the next begins. 100 by default. */
  readonly upTo: number;
}

/** A policy, made ready for the instances there are: what `route` reads. Immutable. */
export interface Routes {
  /** What calls get that no rule or lane claims: the stable version, and what a weight rule puts beside it. */
  readonly stable: Subset;
  /**
   * What takes its place while none of it can take calls: instances with a weight of their own that no rule names, as of
   * the version before, or of one deployed without a rollout. Never a canary, which has weight 0 or a rule.
   */
  readonly standby: Subset;
  readonly headers: readonly RuledRoute[];
  readonly percents: readonly RuledRoute[];
  readonly lanes: ReadonlyMap<string, Subset>;
  /** Part of every hash of a key: another release begins with other users. */
  readonly salt: string;
  /** Every subset by name. */
  readonly subsets: ReadonlyMap<string, Subset>;
  /** An instance's weight by id, above 0, among the members of whatever subset it is in. */
  readonly weights: ReadonlyMap<string, number>;
}

/** Weight of the members of a subset that a rule chose and in which all weigh 0. */
const equalWeight = 100;

/** Sorts the instances into the subsets that a policy makes; without a policy all with a weight are `stable`. */
export function createRoutes(
  policy: RolloutPolicy | undefined,
  instances: readonly ServiceInstance[],
): Routes {
  const open = policy ? instances.filter((instance) => !isClosed(instance, policy)) : instances;
  const rules = policy?.rules ?? [];
  const shared = rules.filter(isPercentRule);
  const weigh = (instance: ServiceInstance): number => relativeWeight(instance, policy);

  const shareless = open.filter(
    (instance) => weigh(instance) > 0 && !shared.some(({ to }) => matches(to, instance)),
  );
  const isStable = (instance: ServiceInstance): boolean =>
    !policy || instance.version === policy.stable || weightRule(instance, policy) !== undefined;
  const stable = subsetOf("stable", shareless.filter(isStable), weigh);
  const standby = subsetOf(
    "standby",
    shareless.filter((instance) => !isStable(instance)),
    weigh,
  );
  const subsets = new Map([stable, standby].map((subset) => [subset.name, subset]));
  const chosen = (name: string, members: readonly ServiceInstance[]): Subset => {
    const known = subsets.get(name) ?? subsetOf(name, members, weigh);
    subsets.set(name, known);
    return known;
  };
  const targeted = ({ to }: Rule): Subset =>
    chosen(
      targetName(to),
      open.filter((instance) => matches(to, instance)),
    );

  let upTo = 0;
  const percents = shared.map((rule): RuledRoute => {
    upTo += rule.percent;
    return { rule, subset: targeted(rule), reason: `${rule.percent} % to ${targetName(rule.to)}`, upTo };
  });
  const headers = rules
    .filter((rule) => rule.headers !== undefined)
    .map((rule): RuledRoute => {
      const keys = Object.keys(rule.headers ?? {}).join(", ");
      const reason = `header ${keys} to ${targetName(rule.to)}`;
      return { rule, subset: targeted(rule), reason, upTo: rule.percent ?? 100 };
    });
  const lanes = new Map<string, Subset>();
  for (const [lane, members] of Map.groupBy(open, (instance) => instance.labels["lane"])) {
    if (lane !== undefined) lanes.set(lane, chosen(`lane=${lane}`, members));
  }
  const weights = new Map(open.map((instance) => [instance.id, weigh(instance) || equalWeight]));
  return { stable, standby, headers, percents, lanes, salt: policy?.stable ?? "", subsets, weights };
}

/** Relative weights hold: members at 0 beside others get nothing. When all weigh 0 they are equals. */
function subsetOf(
  name: string,
  candidates: readonly ServiceInstance[],
  weigh: (instance: ServiceInstance) => number,
): Subset {
  const weighted = candidates.filter((instance) => weigh(instance) > 0);
  const members = weighted.length > 0 ? weighted : candidates;
  return Object.freeze({ name, members: new Set(members.map(({ id }) => id)) });
}

/** The weights in force, by id: 0 for instances that get no call now, because they stand by, wait for a rule, or are closed. */
export function effectiveWeights(
  policy: RolloutPolicy | undefined,
  instances: readonly ServiceInstance[],
): ReadonlyMap<string, number> {
  const { stable, standby, headers, percents, lanes, weights } = createRoutes(policy, instances);
  const used = [
    stable.members.size > 0 ? stable : standby,
    ...[...headers, ...percents].map(({ subset }) => subset),
    ...lanes.values(),
  ];
  return new Map(
    instances.map(({ id }) => [id, used.some(({ members }) => members.has(id)) ? (weights.get(id) ?? 0) : 0]),
  );
}
