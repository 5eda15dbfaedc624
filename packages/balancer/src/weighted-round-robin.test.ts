import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "@rollcall/core";
import { open } from "./contract.js";
import { counts, endpoint, endpoints, order, pick, picks } from "./fixtures/endpoints.js";
import { weightedRoundRobin } from "./weighted-round-robin.js";

const weights = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });

describe("weighted-round-robin", () => {
  it("gives nginx' own sequence for weights 5, 1, 1", () => {
    const balancer = open(weightedRoundRobin);
    balancer.update(endpoints([5, 1, 1]));
    expect(order(balancer, 14)).toBe("aabacaaaabacaa");
  });

  it("is exactly proportional over a full cycle, from any start on", () => {
    fc.assert(
      fc.property(weights, fc.nat(99), fc.nat(100), (all, start, before) => {
        const balancer = open(weightedRoundRobin, start / 100);
        const view = endpoints(all);
        balancer.update(view);
        picks(balancer, before);
        expect(counts(picks(balancer, sum(all)), view)).toEqual(all);
      }),
    );
  });

  it("never picks one endpoint in a row more than twice as often as its weight makes inevitable", () => {
    fc.assert(
      fc.property(weights, (all) => {
        fc.pre(all.length > 1);
        const balancer = open(weightedRoundRobin);
        const view = endpoints(all);
        balancer.update(view);
        const longest = longestRuns(picks(balancer, 3 * sum(all)));
        view.forEach((each) => {
          const inevitable = Math.ceil(each.weight / (sum(all) - each.weight));
          expect(longest.get(each)).toBeLessThanOrEqual(2 * inevitable);
        });
      }),
    );
  });

  it("alternates between equals", () => {
    const balancer = open(weightedRoundRobin);
    balancer.update(endpoints([100, 100, 100]));
    expect(order(balancer, 9)).toBe("abcabcabc");
  });

  it("keeps the credit of those that survive an update, wherever they stand in the view", () => {
    const balancer = open(weightedRoundRobin);
    const [a, b, c] = [endpoint("a", 3), endpoint("b", 2), endpoint("c", 1)];
    balancer.update([a, b, c]);
    const undisturbed = open(weightedRoundRobin);
    undisturbed.update([a, b, c]);
    let disturbed = "";
    for (let round = 0; round < 12; round++) {
      disturbed += order(balancer, 1);
      balancer.update([a, b, c]);
    }
    expect(disturbed).toBe(order(undisturbed, 12));
  });

  it("neither favours nor starves a newcomer after many others have come and gone", () => {
    const stay = [endpoint("a"), endpoint("b")];
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 100, maxLength: 200 }), (gaps) => {
        const balancer = open(weightedRoundRobin);
        for (const gap of gaps) {
          balancer.update([...stay, endpoint("guest", 400)]);
          picks(balancer, gap);
        }
        const newcomer = endpoint("newcomer");
        balancer.update([...stay, newcomer]);
        const [taken] = counts(picks(balancer, 30), [newcomer]);
        expect(taken).toBeGreaterThanOrEqual(8);
        expect(taken).toBeLessThanOrEqual(12);
      }),
      { numRuns: 30 },
    );
  });

  it("follows a weight that rises, as in slow start", () => {
    const balancer = open(weightedRoundRobin);
    const [warm, cold] = [endpoint("warm", 100), endpoint("cold", 0)];
    balancer.update([warm, cold]);
    let taken = 0;
    for (let step = 1; step <= 1000; step++) {
      cold.weight = step / 10;
      if (pick(balancer) === cold) taken++;
    }
    // The integral of x / (1 + x) over 0..1 is 1 - ln 2.
    expect(taken / 1000).toBeCloseTo(1 - Math.LN2, 2);
  });

  it("does not let credits of large weights rule under small ones", () => {
    const balancer = open(weightedRoundRobin);
    const view = endpoints([10_000, 10_000]);
    balancer.update(view);
    picks(balancer, 1);
    for (const each of view) each.weight = 1;
    expect(order(balancer, 4)).toBe("baba");
  });

  it("is exactly proportional in views of many blocks too, and smooth between them", () => {
    const balancer = open(weightedRoundRobin, 0.3);
    const view = endpoints(Array.from({ length: 1_000 }, (_, n) => 1 + (n % 4)));
    balancer.update(view);
    picks(balancer, 77);
    expect(counts(picks(balancer, 2_500), view)).toEqual(view.map(({ weight }) => weight));
    expect(Math.max(...longestRuns(picks(balancer, 2_500)).values())).toBe(1);
  });

  it("keeps proportions in large views while endpoints come and go", () => {
    const balancer = open(weightedRoundRobin, 0.3);
    const stay = endpoints(Array<number>(400).fill(100));
    const taken = new Map<Endpoint, number>();
    for (let round = 0; round < 200; round++) {
      balancer.update([...stay.slice(0, 5), ...(round % 2 ? [endpoint("guest")] : []), ...stay.slice(5)]);
      for (const each of picks(balancer, 100)) taken.set(each, (taken.get(each) ?? 0) + 1);
    }
    for (const each of stay) {
      expect(taken.get(each)).toBeGreaterThan(35);
      expect(taken.get(each)).toBeLessThan(65);
    }
  });

  it("leaves the others' proportions alone when an endpoint is avoided", () => {
    const balancer = open(weightedRoundRobin);
    const view = endpoints([5, 3, 2]);
    balancer.update(view);
    const picked = Array.from({ length: 80 }, () => pick(balancer, [view[2]!]));
    expect(counts(picked, view)).toEqual([50, 30, 0]);
    expect(counts(picks(balancer, 100), view)).toEqual([50, 30, 20]);
  });
});

function sum(all: readonly number[]): number {
  return all.reduce((total, each) => total + each, 0);
}

function longestRuns(picked: readonly Endpoint[]): Map<Endpoint, number> {
  const longest = new Map<Endpoint, number>();
  let run = 0;
  picked.forEach((each, index) => {
    run = each === picked[index - 1] ? run + 1 : 1;
    longest.set(each, Math.max(run, longest.get(each) ?? 0));
  });
  return longest;
}
