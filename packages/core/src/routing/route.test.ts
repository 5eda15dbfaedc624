import { Metadata } from "@grpc/grpc-js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instance } from "../fixtures/contracts.js";
import type { ServiceInstance } from "../ports/registry.js";
import type { RolloutPolicy, Rule } from "../ports/rollout.js";
import { route, type Route } from "./route.js";
import { createRoutes } from "./routes.js";

const old = instance("old", { version: "1.4.0" });
const fresh = instance("new", { version: "1.5.0", track: "canary", weight: 0 });
const red = instance("red", { version: "1.4.0", weight: 0, labels: { lane: "red" } });
const all = [old, fresh, red];

function policy(...rules: Rule[]): RolloutPolicy {
  return { gen: 1, stable: "1.4.0", rules, by: "test", reason: "test", at: 0 };
}

function call(headers: Record<string, string> = {}): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  return metadata;
}

/** mulberry32: fixed seeds, fixed figures. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

const never = (): number => {
  throw new Error("asked for a random number");
};

interface Given {
  readonly rules?: Rule[];
  readonly headers?: Record<string, string>;
  readonly instances?: readonly ServiceInstance[];
  readonly random?: () => number;
}

function routed({ rules = [], headers, instances = all, random = never }: Given): Route {
  return route(call(headers), createRoutes(policy(...rules), instances), random);
}

const canary = { version: "1.5.0" };
const keys = fc.string({ minLength: 1, unit: fc.constantFrom("a", "b", "c", "0", "1", "9", "-") });
const percents = fc.double({ min: 0, max: 100, noNaN: true });

describe("route", () => {
  it("sends calls to stable when no rule claims them, without asking for a random number", () => {
    expect(routed({})).toMatchObject({ subset: { name: "stable" }, reason: "stable" });
  });

  it("says why a call goes where", () => {
    expect(routed({ rules: [{ to: canary, percent: 5 }], random: () => 0 }).reason).toBe(
      "5 % to version=1.5.0",
    );
    expect(
      routed({
        rules: [{ to: { track: "canary" }, headers: { "x-canary": "yes" } }],
        headers: { "x-canary": "yes" },
      }).reason,
    ).toBe("header x-canary to track=canary");
    expect(routed({ headers: { "rollcall-lane": "red" } }).reason).toBe("lane=red");
  });

  it.each([0, 1, 5, 50, 95, 100])("gives %i %% of 100,000 calls to a rule, within 3 sigma", (percent) => {
    const routes = createRoutes(policy({ to: canary, percent }), all);
    const calls = 100_000;
    for (const seed of [1, 2, 3]) {
      const random = seeded(seed);
      let taken = 0;
      for (let n = 0; n < calls; n++) if (route(call(), routes, random).subset.name !== "stable") taken++;
      const share = percent / 100;
      const sigma = Math.sqrt(calls * share * (1 - share));
      expect(Math.abs(taken - calls * share), `seed ${seed}`).toBeLessThanOrEqual(3 * sigma);
    }
  });

  it.each([1, 5, 50, 95])("gives %i %% of 100,000 keys to a rule, within 3 sigma", (percent) => {
    const routes = createRoutes(policy({ to: canary, percent }), all);
    const keys = 100_000;
    let taken = 0;
    for (let n = 0; n < keys; n++) {
      if (route(call({ "rollcall-key": `user-${n}` }), routes, never).subset.name !== "stable") taken++;
    }
    const share = percent / 100;
    expect(Math.abs(taken - keys * share)).toBeLessThanOrEqual(3 * Math.sqrt(keys * share * (1 - share)));
  });

  it("never moves a key back to stable when a percentage is raised", () => {
    fc.assert(
      fc.property(keys, percents, percents, (key, one, other) => {
        const at = (percent: number): string =>
          routed({ rules: [{ to: canary, percent }], headers: { "rollcall-key": key } }).subset.name;
        const [low, high] = one < other ? [one, other] : [other, one];
        if (at(low) !== "stable") expect(at(high)).toBe("version=1.5.0");
      }),
    );
  });

  it("never moves a key back to stable when one of two percentages is raised", () => {
    fc.assert(
      fc.property(keys, fc.nat(50), fc.nat(50), fc.nat(50), (key, first, second, more) => {
        const at = (one: number, two: number): string =>
          routed({
            rules: [
              { to: canary, percent: one },
              { to: { id: "red" }, percent: two },
            ],
            headers: { "rollcall-key": key },
          }).subset.name;
        const before = at(first, second);
        const [raised, other] = [
          at(Math.min(100 - second, first + more), second),
          at(first, Math.min(100 - first, second + more)),
        ];
        fc.pre(before !== "stable" && first > 0 && second > 0);
        expect(raised).not.toBe("stable");
        expect(other).not.toBe("stable");
      }),
    );
  });

  it("gives the same key the same answer in every process, whatever the metadata beside it", () => {
    fc.assert(
      fc.property(keys, percents, fc.dictionary(fc.constantFrom("a", "b"), keys), (key, percent, others) => {
        const headers = { ...others, "rollcall-key": key };
        const rules = [{ to: canary, percent }];
        expect(routed({ rules, headers }).subset.name).toBe(
          routed({ rules, headers: { "rollcall-key": key } }).subset.name,
        );
      }),
    );
    // A figure that must not change between versions: processes of both run side by side.
    const firsts = Array.from({ length: 200 }, (_, n) => `user-${n}`).filter(
      (key) =>
        routed({ rules: [{ to: canary, percent: 5 }], headers: { "rollcall-key": key } }).subset.name !==
        "stable",
    );
    expect(firsts).toMatchInlineSnapshot(`
      [
        "user-27",
        "user-55",
        "user-107",
        "user-126",
        "user-149",
        "user-173",
      ]
    `);
  });

  it("takes the key from the metadata that the rule names", () => {
    const rules = [{ to: canary, percent: 50, key: "tenant" }];
    const answers = Array.from(
      { length: 50 },
      (_, n) => routed({ rules, headers: { tenant: `t${n}` } }).subset.name,
    );
    expect(new Set(answers)).toEqual(new Set(["stable", "version=1.5.0"]));
    expect(routed({ rules, headers: { "rollcall-key": "x" }, random: () => 0.1 }).subset.name).toBe(
      "version=1.5.0",
    );
  });

  it("falls back to stable where the target has no instance", () => {
    const rules = [
      { to: canary, percent: 100 },
      { to: { id: "gone" }, headers: { "x-to": "gone" } },
    ];
    expect(routed({ rules, instances: [old] }).subset.name).toBe("stable");
    expect(routed({ rules: rules.slice(1), headers: { "x-to": "gone" } }).subset.name).toBe("stable");
    expect(routed({ headers: { "rollcall-lane": "blue" } }).subset.name).toBe("stable");
  });

  it("goes by precedence: closed, header, lane, percent", () => {
    const header = { to: { id: "old" }, headers: { "x-pin": "old" } };
    const most = { to: canary, percent: 100 };
    const both = { "x-pin": "old", "rollcall-lane": "red" };
    expect(routed({ rules: [most, header], headers: both }).subset.name).toBe("id=old");
    expect(routed({ rules: [most], headers: both }).subset.name).toBe("lane=red");
    expect(routed({ rules: [most], random: () => 0.9 }).subset.name).toBe("version=1.5.0");
    const closed = [{ to: { id: "old" }, percent: 0 }, { to: { id: "red" }, weight: 0 }, most, header];
    expect(routed({ rules: closed, headers: both, random: () => 0.5 }).subset.name).toBe("version=1.5.0");
  });

  it("reaches nothing that is at 0 %, whatever a call carries", () => {
    const rules = [
      { to: canary, percent: 0 },
      { to: { track: "canary" }, headers: { "x-canary": "yes" } },
      { to: { id: "new" }, percent: 60 },
    ];
    const laned = { ...fresh, labels: { lane: "red" } };
    const routes = createRoutes(policy(...rules), [old, laned]);
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.option(keys),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (header, lane, key, random) => {
          const headers = {
            ...(header && { "x-canary": "yes" }),
            ...(lane && { "rollcall-lane": "red" }),
            ...(key !== null && { "rollcall-key": key }),
          };
          expect(route(call(headers), routes, () => random).subset.name).toBe("stable");
        },
      ),
    );
    expect(routes.weights.has("new")).toBe(false);
  });

  it("takes a share of the calls that carry a header", () => {
    const rules = [{ to: canary, headers: { "x-beta": "1" }, percent: 10 }];
    expect(routed({ rules, headers: { "x-beta": "1" }, random: () => 0.09 }).subset.name).toBe(
      "version=1.5.0",
    );
    expect(routed({ rules, headers: { "x-beta": "1" }, random: () => 0.11 }).subset.name).toBe("stable");
    expect(routed({ rules, headers: { "x-beta": "2" } }).subset.name).toBe("stable");
  });

  it("puts a call on the lane of the rule that chose it", () => {
    expect(routed({ rules: [{ to: canary, percent: 100, lane: "green" }], random: () => 0 }).lane).toBe(
      "green",
    );
  });
});
