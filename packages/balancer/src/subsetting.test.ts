import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Balancer, Endpoint } from "@rollcall/core";
import { open } from "./contract.js";
import { endpoint, pick, picks, standingClock, type FakeEndpoint } from "./fixtures/endpoints.js";
import { roundRobin } from "./round-robin.js";
import { subsetting } from "./subsetting.js";

function fleet(count: number): FakeEndpoint[] {
  return Array.from({ length: count }, (_, n) => endpoint(`10.0.${n >> 8}.${n & 255}:8080`));
}

function caller(n: number, size: number): Balancer {
  return open(subsetting(roundRobin, { size }), 0, { caller: `10.1.${n >> 8}.${n & 255}-${n}` });
}

function subsetOf(balancer: Balancer): Set<Endpoint> {
  return new Set(picks(balancer, 100));
}

describe("subsetting", () => {
  it("changes a subset by one endpoint at most when one joins or leaves, and few subsets", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 80 }), fc.integer({ min: 2, max: 10 }), (count, size) => {
        const view = fleet(count);
        const newcomer = endpoint("newcomer");
        let changed = 0;
        for (let n = 0; n < 50; n++) {
          const balancer = caller(n, size);
          balancer.update(view);
          const before = subsetOf(balancer);
          balancer.update([...view, newcomer]);
          const after = subsetOf(balancer);
          expect(after.size).toBe(size);
          expect([...after].filter((each) => !before.has(each)).length).toBeLessThanOrEqual(1);
          if (after.has(newcomer)) changed++;
          else expect(after).toEqual(before);
          balancer.update(view);
          expect(subsetOf(balancer)).toEqual(before);
        }
        // Each caller takes it with a probability of size / (count + 1).
        const expected = (50 * size) / (count + 1);
        expect(changed).toBeLessThanOrEqual(expected + 5 * Math.sqrt(expected) + 1);
      }),
      { seed: 42, numRuns: 10 },
    );
  });

  it("gives all endpoints about as many callers", () => {
    const view = fleet(50);
    const callers = new Map<Endpoint, number>();
    for (let n = 0; n < 500; n++) {
      const balancer = caller(n, 20);
      balancer.update(view);
      for (const each of picks(balancer, 20)) callers.set(each, (callers.get(each) ?? 0) + 1);
    }
    // 200 expected, with a standard deviation of 11.
    for (const each of view) {
      expect(callers.get(each)).toBeGreaterThan(155);
      expect(callers.get(each)).toBeLessThan(245);
    }
  });

  it("replaces those whose weight falls to 0, and takes them back", () => {
    const clock = standingClock();
    const balancer = open(subsetting(roundRobin, { size: 3 }), 0, { clock });
    balancer.update(fleet(20));
    const before = subsetOf(balancer) as Set<FakeEndpoint>;
    for (const each of before) each.weight = 0;
    const replaced = subsetOf(balancer);
    expect(replaced.size).toBe(3);
    for (const each of before) expect(replaced).not.toContain(each);
    for (const each of before) each.weight = 100;
    clock.ms = 1_000;
    expect(subsetOf(balancer)).toEqual(before);
  });

  it("goes beyond the subset for a call that has tried all of it", () => {
    const balancer = caller(0, 2);
    balancer.update(fleet(5));
    const tried: Endpoint[] = [];
    for (let n = 0; n < 5; n++) tried.push(pick(balancer, tried));
    expect(new Set(tried).size).toBe(5);
  });

  it("refuses sizes that are none", () => {
    for (const size of [0, -1, 1.5, Number.NaN])
      expect(() => subsetting(roundRobin, { size })).toThrow(`subset size is ${size}; allowed: 1 and more`);
  });
});
