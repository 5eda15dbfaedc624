import type { Metadata } from "@grpc/grpc-js";
import { hashText } from "./hash.js";
import { laneKey, stickyKey, textOf } from "./identity.js";
import type { RuledRoute, Routes, Subset } from "./routes.js";

/** Where a call goes, and why. */
export interface Route {
  readonly subset: Subset;
  /** In words: `5 % to version=1.5.0`. */
  readonly reason: string;
  /** The lane that the call is put on by the rule that chose it. */
  readonly lane?: string | undefined;
}

/**
 * Chooses the subset of a call from its metadata. In this order: what the policy closed gets nothing; a header rule, the
 * first that fits; the lane the call is on; a percent rule, by the call's sticky key or, without one, by `random`. A
 * target without instances is passed over, so that `stable` is the answer where a service has no canary.
 *
 * With a key the answer depends on nothing but the key and the rules, and along one rule's percent it is monotone:
 * raising it never moves a call back to `stable`.
 * @param random from 0 up to 1; asked at most once, and only when there is a percent rule
 */
export function route(metadata: Metadata, routes: Routes, random: () => number): Route {
  for (const each of routes.headers) {
    if (carries(metadata, each) && takes(each, metadata, routes, random)) return chosenBy(each);
  }
  const lane = routes.lanes.size > 0 ? textOf(metadata, laneKey) : undefined;
  const onLane = lane === undefined ? undefined : routes.lanes.get(lane);
  if (onLane) return { subset: onLane, reason: onLane.name };
  return byPercent(metadata, routes, random);
}

function byPercent(metadata: Metadata, routes: Routes, random: () => number): Route {
  let drawn: number | undefined;
  for (const each of routes.percents) {
    if (each.subset.members.size === 0) continue;
    const at = keyedPoint(metadata, each, routes) ?? (drawn ??= random() * 100);
    if (at >= each.upTo - (each.rule.percent ?? 0) && at < each.upTo) return chosenBy(each);
  }
  return { subset: routes.stable, reason: "stable" };
}

function carries(metadata: Metadata, { rule, subset }: RuledRoute): boolean {
  if (subset.members.size === 0) return false;
  return Object.entries(rule.headers ?? {}).every(([key, value]) => textOf(metadata, key) === value);
}

function takes(each: RuledRoute, metadata: Metadata, routes: Routes, random: () => number): boolean {
  if (each.upTo >= 100) return true;
  return (keyedPoint(metadata, each, routes) ?? random() * 100) < each.upTo;
}

/** Where the call's key stands between 0 and 100, always the same; undefined without a key. */
function keyedPoint(metadata: Metadata, { rule }: RuledRoute, { salt }: Routes): number | undefined {
  const key = textOf(metadata, rule.key ?? stickyKey);
  return key === undefined ? undefined : (hashText(`${salt} ${key}`) / 2 ** 31) * 100;
}

function chosenBy({ subset, reason, rule }: RuledRoute): Route {
  return { subset, reason, lane: rule.lane };
}
