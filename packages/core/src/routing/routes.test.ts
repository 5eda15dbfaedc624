import { describe, expect, it } from "vitest";
import { instance } from "../fixtures/contracts.js";
import type { ServiceInstance } from "../ports/registry.js";
import type { RolloutPolicy, Rule } from "../ports/rollout.js";
import { createRoutes, effectiveWeights } from "./routes.js";

function policy(stable: string, ...rules: Rule[]): RolloutPolicy {
  return { gen: 1, stable, rules, by: "test", reason: "test", at: 0 };
}

/** The members of each subset with their weights: `a:100`. */
function shown(
  given: RolloutPolicy | undefined,
  instances: readonly ServiceInstance[],
): Record<string, string> {
  const { subsets, weights } = createRoutes(given, instances);
  return Object.fromEntries(
    Array.from(subsets, ([name, { members }]): [string, string] => [
      name,
      [...members].map((id) => `${id}:${weights.get(id)}`).join(),
    ]).filter(([name, members]) => name !== "standby" || members !== ""),
  );
}

const v1 = instance("a", { version: "1" });
const other1 = instance("b", { version: "1", weight: 50 });
const waiting = instance("c", { version: "2", weight: 0 });
const waiting2 = instance("d", { version: "2", weight: 0 });

describe("the routes of a service", () => {
  it("have one subset without a policy: all by their own weights, and canaries wait", () => {
    expect(shown(undefined, [v1, other1, waiting])).toEqual({ stable: "a:100,b:50" });
    expect(shown(undefined, [waiting])).toEqual({ stable: "" });
  });

  it("give a canary to its rule alone, where weights of 0 are equal", () => {
    const rules = { to: { version: "2" }, percent: 5 };
    expect(shown(policy("1", rules), [v1, waiting, waiting2])).toEqual({
      stable: "a:100",
      "version=2": "c:100,d:100",
    });
  });

  it("take a version with a weight of its own out of stable while a rule says its share", () => {
    const heavy = instance("e", { version: "2", weight: 100 });
    expect(shown(policy("1", { to: { version: "2" }, percent: 5 }), [v1, heavy])).toEqual({
      stable: "a:100",
      "version=2": "e:100",
    });
  });

  it("count the canaries of a promoted version as 100, and have what it replaces stand by", () => {
    expect(shown(policy("2"), [v1, waiting, waiting2])).toEqual({ stable: "c:100,d:100", standby: "a:100" });
  });

  it("tell the weights in force: 0 for those that stand by, wait or are closed", () => {
    const all = [v1, other1, waiting];
    const weights = (given: RolloutPolicy | undefined, from = all): number[] => [
      ...effectiveWeights(given, from).values(),
    ];
    expect(weights(undefined)).toEqual([100, 50, 0]);
    expect(weights(policy("1", { to: { version: "2" }, percent: 5 }))).toEqual([100, 50, 100]);
    expect(weights(policy("2"))).toEqual([0, 0, 100]);
    expect(weights(policy("2"), [v1, other1])).toEqual([100, 50]);
    expect(weights(policy("1", { to: { id: "a" }, weight: 0 }))).toEqual([0, 50, 0]);
  });

  it("hold relative weights inside a subset, and leave those at 0 beside others out", () => {
    const light = instance("e", { version: "2", weight: 10 });
    expect(shown(policy("1", { to: { version: "2" }, percent: 5 }), [v1, waiting, light])["version=2"]).toBe(
      "e:10",
    );
  });

  it("weigh by the first weight rule that fits, and take out what is weighed 0", () => {
    const rules = [
      { to: { id: "a" }, weight: 0 },
      { to: { id: "c" }, weight: 30 },
      { to: { version: "1" }, weight: 7 },
    ];
    expect(shown(policy("1", ...rules), [v1, other1, waiting, waiting2])).toEqual({ stable: "b:7,c:30" });
  });

  it("have a subset per lane that some instance is labelled with", () => {
    const red = instance("e", { version: "1", weight: 0, labels: { lane: "red" } });
    expect(shown(undefined, [v1, red])).toEqual({ stable: "a:100", "lane=red": "e:100" });
  });

  it("match targets by all that they name", () => {
    const target = { version: "2", track: "canary", id: "x", labels: { zone: "a", team: "t" } };
    const x = instance("x", { version: "2", track: "canary", labels: { zone: "a", team: "t", more: "1" } });
    const near = [
      instance("x", { version: "2", track: "stable", labels: { zone: "a", team: "t" } }),
      instance("y", { version: "2", track: "canary", labels: { zone: "a", team: "t" } }),
      instance("x", { version: "2", track: "canary", labels: { zone: "a" } }),
    ];
    const name = "version=2 track=canary id=x labels.team=t labels.zone=a";
    expect(shown(policy("1", { to: target, percent: 5 }), [x])[name]).toBe("x:100");
    for (const each of near) expect(shown(policy("1", { to: target, percent: 5 }), [each])[name]).toBe("");
  });
});
