import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Balancer, BalancerFactory } from "@rollcall/core";
import { counts, endpoint, endpoints, pick, picks, refusal, standingClock } from "./fixtures/endpoints.js";

const weights = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 8 });
const somePositive = weights.filter((all) => all.some((weight) => weight > 0));
/** What `random()` answers. */
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

export function open(factory: BalancerFactory, start = 0): Balancer {
  return factory.create({ clock: standingClock(), random: () => start, zone: "", caller: "caller" });
}

/** What every policy must hold, whatever its taste. fast-check prints the seed of a run that fails. */
export function balancerContract(factory: BalancerFactory): void {
  describe(`${factory.name}: the contract of every balancer`, () => {
    it("never picks an endpoint of weight 0, wherever the callers start", () => {
      fc.assert(
        fc.property(somePositive, random, (all, start) => {
          const balancer = open(factory, start);
          balancer.update(endpoints(all));
          for (const picked of picks(balancer, 200)) expect(picked.weightAt(0)).toBeGreaterThan(0);
        }),
      );
    });

    it("picks every endpoint with a weight in the long run", () => {
      fc.assert(
        fc.property(somePositive, random, (all, start) => {
          const balancer = open(factory, start);
          const view = endpoints(all);
          balancer.update(view);
          const seen = new Set(picks(balancer, 2 * 8 * 60));
          expect(seen.size).toBe(all.filter((weight) => weight > 0).length);
        }),
      );
    });

    it("picks only what is in the view, through any series of updates and weights", () => {
      const step = fc.record({
        present: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        weights: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 8, maxLength: 8 }),
        picks: fc.nat(30),
      });
      fc.assert(
        fc.property(fc.array(step, { maxLength: 12 }), random, (steps, start) => {
          const balancer = open(factory, start);
          const all = endpoints(Array<number>(8).fill(1));
          for (const { present, weights, picks: times } of steps) {
            all.forEach((each, index) => (each.weight = weights[index] ?? 0));
            const view = all.filter((_, index) => present[index]);
            balancer.update(view);
            const pickable = view.filter((each) => each.weight > 0);
            if (pickable.length === 0) refusal(balancer);
            else for (const picked of picks(balancer, times)) expect(pickable).toContain(picked);
          }
        }),
      );
    });

    it("avoids the tried while another can be picked, and leaves the rest to the pipeline", () => {
      fc.assert(
        fc.property(somePositive, random, (all, start) => {
          const balancer = open(factory, start);
          const view = endpoints(all);
          balancer.update(view);
          const tried = [];
          for (const _ of all.filter((weight) => weight > 0)) {
            const picked = pick(balancer, tried);
            expect(tried).not.toContain(picked);
            tried.push(picked);
          }
          expect(refusal(balancer, tried)).toMatch(/tried, none left$/);
        }),
      );
    });

    it("heeds a weight that moves between two picks", () => {
      const balancer = open(factory);
      const [a, b] = [endpoint("a"), endpoint("b")];
      balancer.update([a, b]);
      picks(balancer, 5);
      a.weight = 0;
      expect(new Set(picks(balancer, 20))).toEqual(new Set([b]));
      a.weight = 100;
      expect(new Set(picks(balancer, 20))).toEqual(new Set([a, b]));
    });

    it("spreads the callers' first picks over all endpoints", () => {
      const view = endpoints([100, 100, 100, 100]);
      const firsts = Array.from({ length: 100 }, (_, caller) => {
        const balancer = open(factory, caller / 100);
        balancer.update(view);
        return pick(balancer);
      });
      for (const count of counts(firsts, view)) {
        expect(count).toBeGreaterThanOrEqual(20);
        expect(count).toBeLessThanOrEqual(30);
      }
    });

    it("says how many endpoints there are when it has none to offer", () => {
      const balancer = open(factory);
      expect(refusal(balancer)).toBe("0 endpoints");
      balancer.update(endpoints([0]));
      expect(refusal(balancer)).toBe("0 of 1 endpoint has a weight above 0");
      const view = endpoints([0, 0, 0, 0]);
      balancer.update(view);
      expect(refusal(balancer)).toBe("0 of 4 endpoints have a weight above 0");
      for (const each of view.slice(0, 2)) each.weight = 1;
      expect(refusal(balancer, view)).toBe("2 of 4 endpoints with a weight above 0 tried, none left");
      for (const each of view) each.weight = 1;
      expect(refusal(balancer, view)).toBe("4 of 4 endpoints tried, none left");
    });

    it("offers nothing once it is closed", () => {
      const balancer = open(factory);
      balancer.update(endpoints([1]));
      balancer.close();
      balancer.update(endpoints([1]));
      expect(refusal(balancer)).toBe("the balancer is closed");
    });
  });
}
