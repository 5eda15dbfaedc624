import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BalancerFactory } from "@rollcall/core";
import { open } from "./contract.js";
import { counts, endpoint, endpoints, pick, picks, standingClock } from "./fixtures/endpoints.js";
import { simulate } from "./fixtures/simulate.js";
import { leastRequest } from "./least-request.js";
import { peakEwma } from "./peak-ewma.js";
import { random } from "./random.js";
import { SumTree } from "./sum-tree.js";
import { weightedRandom } from "./weighted-random.js";

const weights = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 40 });
const start = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
/** So that what is within 4.5 sigma in all runs today is so tomorrow. */
const seed = 42;

/**
 * That each count lies within some standard deviations of its share. A property over thousands of counts takes 4.5 of
 * them, which 1 of 150,000 exceeds by chance; a single vector of weights takes 3.
 */
function expectShares(counted: readonly number[], shares: readonly number[], deviations = 4.5): void {
  const total = counted.reduce((sum, each) => sum + each, 0);
  counted.forEach((count, n) => {
    const share = shares[n] as number;
    const sigma = Math.sqrt(total * share * (1 - share));
    expect(Math.abs(count - total * share)).toBeLessThanOrEqual(deviations * sigma + 1e-9);
  });
}

function shares(of: readonly number[]): number[] {
  const sum = of.reduce((total, each) => total + each, 0);
  return of.map((each) => each / sum);
}

describe("random", () => {
  it("gives every endpoint the same share, whatever its weight, and weight 0 none", () => {
    fc.assert(
      fc.property(
        weights.filter((all) => all.some((each) => each > 0)),
        start,
        (all, start) => {
          const balancer = open(random, start);
          const view = endpoints(all);
          balancer.update(view);
          expectShares(counts(picks(balancer, 4_000), view), shares(all.map((each) => (each > 0 ? 1 : 0))));
        },
      ),
      { seed, numRuns: 50 },
    );
  });
});

const proportional: readonly BalancerFactory[] = [weightedRandom, leastRequest, peakEwma];
for (const factory of proportional) {
  describe(`${factory.name}, where all are idle`, () => {
    it("gives shares in proportion to the weights", () => {
      fc.assert(
        fc.property(
          weights.filter((all) => all.some((each) => each > 0)),
          start,
          (all, start) => {
            const balancer = open(factory, start);
            const view = endpoints(all);
            balancer.update(view);
            expectShares(counts(picks(balancer, 4_000), view), shares(all));
          },
        ),
        { seed, numRuns: 50 },
      );
    });

    it("gives shares within 3 standard deviations of the weights'", () => {
      const balancer = open(factory, 0.77);
      const view = endpoints([1, 5, 10, 34, 50, 0]);
      balancer.update(view);
      expectShares(counts(picks(balancer, 500_000), view), [0.01, 0.05, 0.1, 0.34, 0.5, 0], 3);
    });

    it("leaves the others' proportions alone when endpoints are avoided", () => {
      const balancer = open(factory, 0.3);
      const view = endpoints([50, 30, 20, 100]);
      balancer.update(view);
      const picked = Array.from({ length: 8_000 }, () => pick(balancer, [view[3]!]));
      expectShares(counts(picked, view), [0.5, 0.3, 0.2, 0]);
      expectShares(counts(picks(balancer, 8_000), view), [0.25, 0.15, 0.1, 0.5]);
    });

    it("follows weights that move within a second, in views that are not read whole", () => {
      const clock = standingClock();
      const balancer = open(factory, 0.3, { clock });
      const view = endpoints(Array<number>(100).fill(1));
      balancer.update(view);
      picks(balancer, 10);
      view.forEach((each, n) => (each.weight = n));
      clock.ms += 1_000;
      expectShares(counts(picks(balancer, 20_000), view), shares(view.map(({ weight }) => weight)));
    });
  });
}

describe("least-request", () => {
  it("prefers the one with fewer calls in flight for its weight", () => {
    const balancer = open(leastRequest);
    const [a, b] = [endpoint("a", 300), endpoint("b", 100)];
    balancer.update([a, b]);
    a.stats.inflight = 3;
    b.stats.inflight = 2;
    expect(new Set(picks(balancer, 20))).toEqual(new Set([a]));
    a.stats.inflight = 7;
    expect(new Set(picks(balancer, 20))).toEqual(new Set([b]));
  });

  it("keeps calls away from a slow instance once they queue there", () => {
    const view = endpoints([100, 100, 100]);
    const sent = simulate(leastRequest, view, {
      seed: 0.5,
      callsPerSecond: 200,
      seconds: 10,
      latencyMs: (each) => (each === view[0] ? 505 : 5),
    });
    expect((sent.get(view[0]!) ?? 0) / 2_000).toBeLessThanOrEqual(0.1);
  });
});

describe("a tree of sums", () => {
  it("draws the index into whose share the point falls, through any changes", () => {
    const change = fc.tuple(fc.nat(39), fc.integer({ min: 0, max: 100 }));
    fc.assert(
      fc.property(weights, fc.array(change), start, (all, changes, point) => {
        const tree = new SumTree();
        tree.fill(Float64Array.from(all));
        for (const [index, value] of changes) {
          if (index >= all.length) continue;
          all[index] = value;
          tree.set(index, value);
        }
        const total = all.reduce((sum, each) => sum + each, 0);
        let left = point * total;
        const expected = all.findIndex((each) => (left -= each) < 0);
        expect(tree.total).toBe(total);
        expect(tree.draw(point)).toBe(expected);
      }),
    );
  });

  it("never draws a 0 for want of precision", () => {
    const tree = new SumTree();
    tree.fill(Float64Array.of(0.1, 0.2, 0.3, 0, 0));
    expect(tree.draw(1)).toBe(2);
    expect(tree.draw(0)).toBe(0);
  });
});
