import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code, type Balancer, type Endpoint } from "@rollcall/core";
import { open } from "./contract.js";
import { endpoint, pick, picks, refusal, type FakeEndpoint } from "./fixtures/endpoints.js";
import { outlierEjection } from "./outlier-ejection.js";
import { roundRobin } from "./round-robin.js";
import { standardStack } from "./standard-stack.js";
import { weightedRandom } from "./weighted-random.js";
import { zoneAware } from "./zone-aware.js";
import { zoneShares } from "./zone-shares.js";

function zones(sizes: Readonly<Record<string, number>>): FakeEndpoint[] {
  return Object.entries(sizes).flatMap(([zone, size]) =>
    Array.from({ length: size }, (_, n) => endpoint(`${zone}${n}`, 100, { zone })),
  );
}

function inZone(balancer: Balancer, zone: string, count = 10_000): number {
  return picks(balancer, count).filter(({ instance }) => instance.zone === zone).length / count;
}

describe("zone awareness", () => {
  it("stays in the caller's zone while that has its fair share", () => {
    const balancer = open(zoneAware(weightedRandom), 0.5, { zone: "a" });
    balancer.update(zones({ a: 3, b: 3, c: 3 }));
    expect(inZone(balancer, "a", 1_000)).toBe(1);
    balancer.update(zones({ a: 5, b: 2, c: 2 }));
    expect(inZone(balancer, "a", 1_000)).toBe(1);
  });

  it("spills over as much as its share falls short, to the zones that have more, in proportion to that", () => {
    const balancer = open(zoneAware(weightedRandom), 0.5, { zone: "a" });
    balancer.update(zones({ a: 2, b: 4, c: 6 }));
    // A fair share is 4 of 12: a has half of it, b just that, c has the surplus.
    expect(inZone(balancer, "a")).toBeCloseTo(0.5, 1);
    expect(inZone(balancer, "b", 1_000)).toBe(0);
    balancer.update(zones({ a: 1, b: 4, c: 7 }));
    expect(inZone(balancer, "a")).toBeCloseTo(0.25, 1);
    expect(inZone(balancer, "c")).toBeCloseTo(0.75, 1);
  });

  it("loads all endpoints alike when callers are spread evenly over the zones", () => {
    const weights = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(
        weights.filter((all) => all.some((each) => each > 0)),
        (all) => {
          const total = all.reduce((sum, each) => sum + each, 0);
          const load = new Float64Array(all.length);
          const shares = new Float64Array(all.length);
          all.forEach((_, local) => {
            zoneShares(Float64Array.from(all), local, shares);
            expect(shares.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 9);
            shares.forEach((share, zone) => (load[zone] = (load[zone] as number) + share / all.length));
          });
          all.forEach((weight, zone) => expect(load[zone]).toBeCloseTo(weight / total, 9));
        },
      ),
    );
  });

  it("follows weights that move, to 0 and back", () => {
    const balancer = open(zoneAware(weightedRandom), 0.5, { zone: "a" });
    const view = zones({ a: 4, b: 4 });
    balancer.update(view);
    for (const each of view.slice(0, 4)) each.weight = 0;
    expect(inZone(balancer, "a", 1_000)).toBe(0);
    for (const each of view.slice(0, 2)) each.weight = 100;
    expect(inZone(balancer, "a")).toBeCloseTo(2 / 3, 1);
  });

  it("spills over for what is ejected, and prefers another zone to an ejected endpoint", () => {
    const balancer = open(zoneAware(outlierEjection(roundRobin)), 0.5, { zone: "a" });
    const view = zones({ a: 3, b: 3 });
    balancer.update(view);
    const [first, ...others] = view;
    for (let n = 0; n < 5; n++)
      balancer.settled?.(first as Endpoint, { code: Code.Internal, latencyMs: 1, processed: "yes" });
    // 2 healthy of 5, where the fair share is 2.5.
    expect(inZone(balancer, "a")).toBeCloseTo(0.8, 1);
    const local = view.slice(1, 3);
    for (let n = 0; n < 50; n++) expect(pick(balancer, local).instance.zone).toBe("b");
    expect(pick(balancer, others)).toBe(first);
  });

  it("has one limit of ejections for all zones", () => {
    const balancer = open(zoneAware(outlierEjection(roundRobin)), 0.5, { zone: "a" });
    const view = zones({ a: 3, b: 3, c: 3 });
    balancer.update(view);
    for (const each of [view[0], view[3], view[6]])
      for (let n = 0; n < 5; n++)
        balancer.settled?.(each as Endpoint, { code: Code.Internal, latencyMs: 1, processed: "yes" });
    const used = new Set(Array.from({ length: 200 }, () => pick(balancer)));
    for (const zone of [3, 6]) {
      const tried = view.filter((each) => !view.slice(zone, zone + 3).includes(each));
      for (let n = 0; n < 6; n++) used.add(pick(balancer, tried));
    }
    expect(used.size).toBe(8);
    expect(used).not.toContain(view[0]);
  });

  it("goes to another zone when a call has tried all of its own", () => {
    const balancer = open(zoneAware(roundRobin), 0.5, { zone: "a" });
    const view = zones({ a: 3, b: 3 });
    balancer.update(view);
    expect(pick(balancer, view.slice(0, 3)).instance.zone).toBe("b");
    expect(refusal(balancer, view)).toBe("6 of 6 endpoints tried, none left");
  });

  it("is without effect where the caller's zone is not known, and in views of fewer than 6", () => {
    const nowhere = open(zoneAware(roundRobin));
    nowhere.update(zones({ a: 5, b: 5 }));
    expect(inZone(nowhere, "a", 100)).toBe(0.5);
    const small = open(zoneAware(roundRobin), 0, { zone: "a" });
    small.update(zones({ a: 2, b: 2 }));
    expect(inZone(small, "a", 100)).toBe(0.5);
    const smaller = open(zoneAware(roundRobin, { minEndpoints: 0 }), 0, { zone: "a" });
    smaller.update(zones({ a: 2, b: 2 }));
    expect(inZone(smaller, "a", 100)).toBe(1);
  });

  it("closes the balancers of zones that are gone", () => {
    let live = 0;
    const counting = {
      name: "counting",
      create: (env: Parameters<typeof roundRobin.create>[0]) => {
        live++;
        const balancer = roundRobin.create(env);
        const close = balancer.close.bind(balancer);
        balancer.close = () => {
          live--;
          close();
        };
        return balancer;
      },
    };
    const balancer = open(zoneAware(counting), 0, { zone: "a" });
    balancer.update(zones({ a: 3, b: 3, c: 3 }));
    expect(live).toBe(3);
    balancer.update(zones({ a: 6 }));
    expect(live).toBe(1);
    balancer.close();
    expect(live).toBe(0);
  });
});

describe("the standard stack", () => {
  it("ejects, prefers the zone, and takes a subset when it is told to", () => {
    expect(standardStack(roundRobin).name).toBe("zone-aware(outlier-ejection(round-robin))");
    expect(standardStack(roundRobin, { subsetSize: 3, zoneAware: false, outlierEjection: false }).name).toBe(
      "subsetting(round-robin)",
    );
    const balancer = open(standardStack(roundRobin, { subsetSize: 4 }), 0.5, { zone: "" });
    balancer.update(zones({ a: 10, b: 10 }));
    expect(new Set(picks(balancer, 100)).size).toBe(4);
  });
});
