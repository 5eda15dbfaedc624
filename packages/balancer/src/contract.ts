import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Code,
  type Balancer,
  type BalancerEnv,
  type BalancerFactory,
  type Call,
  type Clock,
} from "@rollcall/core";
import {
  callWith,
  counts,
  endpoint,
  endpoints,
  pick,
  refusal,
  seededRandom,
  standingClock,
  type FakeEndpoint,
} from "./fixtures/endpoints.js";

/** What a policy promises beyond what all must hold. */
export interface Traits {
  /**
   * How a policy divides calls among endpoints:
   * - `calls`: whatever the calls, one caller's go to all, and many callers begin at all of them alike;
   * - `keys`: calls that have something in common stay together; many different ones go to all;
   * - `none`: all go to one, or to some.
   * Default `calls`.
   */
  readonly divides?: "calls" | "keys" | "none";
  /** The calls of the suite, by number. Default: all alike, without a key. */
  readonly call?: (n: number) => Call;
  /** Where the caller runs. Default: not known. */
  readonly zone?: string;
}

export function open(factory: BalancerFactory, start = 0, change: Partial<BalancerEnv> = {}): Balancer {
  const env = {
    clock: standingClock(),
    random: seededRandom(start, start),
    zone: "",
    caller: `caller ${start}`,
  };
  return factory.create({ ...env, ...change });
}

const weights = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 8 });
const somePositive = weights.filter((all) => all.some((weight) => weight > 0));
/** The first of the random numbers, which decides the others too. */
const start = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** What every policy must hold, whatever its taste. fast-check prints the seed of a run that fails. */
export function balancerContract(factory: BalancerFactory, traits: Traits = {}): void {
  const { divides = "calls", call = () => callWith(), zone = "" } = traits;
  const opened = (start = 0, change: Partial<BalancerEnv> = {}): Balancer =>
    open(factory, start, { zone, ...change });
  const calls = Array.from({ length: 400 }, (_, n) => call(n));
  const picks = (balancer: Balancer, count: number): FakeEndpoint[] =>
    Array.from({ length: count }, (_, n) => pick(balancer, [], calls[n % 400]) as FakeEndpoint);

  /** As a cluster does: calls that take time, are in flight meanwhile, and whose end the balancer hears of. */
  const send = (balancer: Balancer, clock: Clock & { ms: number }, count: number): FakeEndpoint[] =>
    Array.from({ length: count }, (_, n) => {
      const picked = pick(balancer, [], calls[n % 400]) as FakeEndpoint;
      picked.stats.inflight++;
      clock.ms += 100;
      picked.stats.inflight--;
      balancer.settled?.(picked, { code: Code.Ok, latencyMs: 100, processed: "yes" });
      return picked;
    });

  describe(`${factory.name}: the contract of every balancer`, () => {
    it("never picks an endpoint of weight 0, wherever the callers start", () => {
      fc.assert(
        fc.property(somePositive, start, (all, start) => {
          const balancer = opened(start);
          balancer.update(endpoints(all));
          expect(picks(balancer, 200).filter(({ weight }) => weight === 0)).toEqual([]);
        }),
      );
    });

    if (divides === "calls")
      it("picks every endpoint with a weight in the long run", () => {
        fc.assert(
          fc.property(somePositive, start, (all, start) => {
            const clock = standingClock();
            const balancer = opened(start, { clock });
            const view = endpoints(all);
            balancer.update(view);
            const seen = new Set(send(balancer, clock, 4 * 8 * 60));
            expect(seen.size).toBe(all.filter((weight) => weight > 0).length);
          }),
          { seed: 1 },
        );
      });

    it("picks only what is in the view, through any series of updates and weights", () => {
      const step = fc.record({
        present: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        weights: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 8, maxLength: 8 }),
        picks: fc.nat(30),
      });
      fc.assert(
        fc.property(fc.array(step, { maxLength: 12 }), start, (steps, start) => {
          const balancer = opened(start);
          const all = endpoints(Array<number>(8).fill(1));
          for (const { present, weights, picks: times } of steps) {
            all.forEach((each, index) => (each.weight = weights[index] ?? 0));
            const view = all.filter((_, index) => present[index]);
            balancer.update(view);
            const pickable = view.filter((each) => each.weight > 0);
            if (pickable.length === 0) refusal(balancer, [], calls[0]);
            else expect(picks(balancer, times).filter((each) => !pickable.includes(each))).toEqual([]);
          }
        }),
      );
    });

    it("avoids the tried while another can be picked, and leaves the rest to the pipeline", () => {
      fc.assert(
        fc.property(somePositive, start, (all, start) => {
          const balancer = opened(start);
          const view = endpoints(all);
          balancer.update(view);
          const tried = [];
          for (const _ of all.filter((weight) => weight > 0)) {
            const picked = pick(balancer, tried, calls[0]);
            expect(tried).not.toContain(picked);
            tried.push(picked);
          }
          expect(refusal(balancer, tried, calls[0])).toMatch(/tried, none left$/);
        }),
      );
    });

    it("heeds a weight that falls to 0 between two picks, in views of any size", () => {
      for (const size of [2, 16, 17, 200, 700]) {
        const balancer = opened();
        const view = endpoints(Array<number>(size).fill(100));
        balancer.update(view);
        picks(balancer, 5);
        view.forEach((each, index) => (each.weight = index % 2 === 0 ? 0 : 100));
        for (const picked of picks(balancer, 2 * size)) expect(picked.weight).toBe(100);
      }
    });

    it("finds the one whose weight has risen from 0, in views of any size", () => {
      for (const size of [1, 16, 17, 200, 700]) {
        const balancer = opened();
        const view = endpoints(Array<number>(size).fill(0));
        balancer.update(view);
        refusal(balancer, [], calls[0]);
        (view.at(-1) as FakeEndpoint).weight = 1;
        expect(pick(balancer, [], calls[0])).toBe(view.at(-1));
      }
    });

    if (divides !== "none")
      it("heeds a weight that rises again between two picks", () => {
        const balancer = opened();
        const [a, b] = [endpoint("a"), endpoint("b")];
        balancer.update([a, b]);
        picks(balancer, 5);
        a.weight = 0;
        expect(new Set(picks(balancer, 20))).toEqual(new Set([b]));
        a.weight = 100;
        expect(new Set(picks(balancer, 20))).toEqual(new Set([a, b]));
      });

    if (divides === "calls")
      it("spreads the callers' first picks over all endpoints", () => {
        const view = endpoints([100, 100, 100, 100]);
        const firsts = Array.from({ length: 100 }, (_, caller) => {
          const balancer = opened(caller / 100);
          balancer.update(view);
          return pick(balancer, [], calls[0]);
        });
        for (const count of counts(firsts, view)) {
          expect(count).toBeGreaterThanOrEqual(20);
          expect(count).toBeLessThanOrEqual(30);
        }
      });

    if (divides === "keys")
      it("gives equal calls to one endpoint, and different ones to all", () => {
        const balancer = opened();
        const view = endpoints([100, 100, 100, 100]);
        balancer.update(view);
        const picked = picks(balancer, 400);
        expect(picks(balancer, 400)).toEqual(picked);
        for (const count of counts(picked, view)) {
          expect(count).toBeGreaterThanOrEqual(60);
          expect(count).toBeLessThanOrEqual(140);
        }
      });

    it("does the same again for the same random numbers, clock and calls", () => {
      fc.assert(
        fc.property(somePositive, start, (all, start) => {
          const ids = (): string[] => {
            const clock = standingClock();
            const balancer = opened(start, { clock });
            const view = endpoints(all);
            balancer.update(view);
            const first = send(balancer, clock, 50);
            balancer.update(view.slice(1).concat(endpoint("newcomer")));
            return [...first, ...send(balancer, clock, 50)].map(({ instance }) => instance.id);
          };
          expect(ids()).toEqual(ids());
        }),
        { numRuns: 20 },
      );
    });

    it("takes answers of endpoints that have left, or that it never saw", () => {
      const balancer = opened();
      const [a, b] = [endpoint("a"), endpoint("b")];
      balancer.update([a]);
      balancer.update([b]);
      for (const each of [a, endpoint("stranger")])
        balancer.settled?.(each, { code: Code.Internal, latencyMs: 5, processed: "yes" });
      expect(pick(balancer, [], calls[0])).toBe(b);
    });

    it("says how many endpoints there are when it has none to offer", () => {
      const balancer = opened();
      expect(refusal(balancer, [], calls[0])).toBe("0 endpoints");
      balancer.update(endpoints([0]));
      expect(refusal(balancer, [], calls[0])).toBe("0 of 1 endpoint has a weight above 0");
      const view = endpoints([0, 0, 0, 0]);
      balancer.update(view);
      expect(refusal(balancer, [], calls[0])).toBe("0 of 4 endpoints have a weight above 0");
      for (const each of view.slice(0, 2)) each.weight = 1;
      expect(refusal(balancer, view, calls[0])).toBe(
        "2 of 4 endpoints with a weight above 0 tried, none left",
      );
      for (const each of view) each.weight = 1;
      expect(refusal(balancer, view, calls[0])).toBe("4 of 4 endpoints tried, none left");
    });

    it("offers nothing once it is closed", () => {
      const balancer = opened();
      balancer.update(endpoints([1]));
      balancer.close();
      balancer.update(endpoints([1]));
      expect(refusal(balancer, [], calls[0])).toBe("the balancer is closed");
    });
  });
}
