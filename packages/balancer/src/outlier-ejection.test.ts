import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Code,
  type Balancer,
  type BalancerFactory,
  type Clock,
  type Endpoint,
  type Outcome,
} from "@rollcall/core";
import { open } from "./contract.js";
import type { OutlierEjectionOptions } from "./ejection-options.js";
import {
  endpoint,
  endpoints,
  pick,
  picks,
  refusal,
  standingClock,
  type FakeEndpoint,
} from "./fixtures/endpoints.js";
import { outlierEjection } from "./outlier-ejection.js";
import { roundRobin } from "./round-robin.js";

const good: Outcome = { code: Code.Ok, latencyMs: 1, processed: "yes" };
const bad: Outcome = { code: Code.Internal, latencyMs: 1, processed: "yes" };

interface Scene {
  readonly clock: Clock & { ms: number };
  readonly balancer: Balancer;
  readonly view: FakeEndpoint[];
  settle(endpoint: Endpoint | undefined, outcome: Outcome, times?: number): void;
  /** Those that get calls now. */
  used(): Set<Endpoint>;
}

function scene(count: number, options?: OutlierEjectionOptions, inner: BalancerFactory = roundRobin): Scene {
  const clock = standingClock();
  const balancer = open(outlierEjection(inner, options), 0, { clock });
  const view = endpoints(Array<number>(count).fill(100));
  balancer.update(view);
  return {
    clock,
    balancer,
    view,
    settle(endpoint, outcome, times = 1) {
      for (let n = 0; n < times; n++) balancer.settled?.(endpoint as Endpoint, outcome);
    },
    used: () => new Set(picks(balancer, 2 * view.length)),
  };
}

describe("outlier ejection by failures in a row", () => {
  it("leaves an endpoint out after the fifth, and not before", () => {
    const { view, settle, used } = scene(3);
    settle(view[0], bad, 4);
    settle(view[0], good);
    settle(view[0], bad, 4);
    expect(used().size).toBe(3);
    settle(view[0], bad);
    expect(used()).toEqual(new Set(view.slice(1)));
  });

  it("does not count what says nothing of the server", () => {
    const { view, settle, used } = scene(3);
    settle(view[0], { code: Code.Unavailable, latencyMs: 1, processed: "no" }, 20);
    settle(view[0], { code: Code.Cancelled, latencyMs: 1, processed: "unknown" }, 20);
    settle(view[0], { code: Code.NotFound, latencyMs: 1, processed: "yes" }, 20);
    expect(used().size).toBe(3);
    settle(view[0], { code: Code.DeadlineExceeded, latencyMs: 1, processed: "unknown" }, 5);
    expect(used().size).toBe(2);
  });

  it("does not let refusals and cancellations interrupt a row of failures", () => {
    const { view, settle, used } = scene(3);
    for (let n = 0; n < 5; n++) {
      settle(view[0], bad);
      settle(view[0], { code: Code.Unavailable, latencyMs: 1, processed: "no" });
    }
    expect(used().size).toBe(2);
  });

  it("lets it return after 30 s, then after 60 s and so on, up to 300 s, and forgets that interval by interval", () => {
    const { clock, view, settle, used } = scene(3);
    const outFor = (): number => {
      settle(view[0], bad, 5);
      const from = clock.ms;
      while (used().size === 2) clock.ms += 1_000;
      return clock.ms - from;
    };
    for (const ms of [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300]) expect(outFor()).toBe(ms * 1_000);
    for (let interval = 0; interval < 12; interval++) {
      clock.ms += 10_000;
      used();
    }
    expect(outFor()).toBe(30_000);
  });

  it("is off at 0", () => {
    const { view, settle, used } = scene(3, { consecutiveFailures: 0 });
    settle(view[0], bad, 50);
    expect(used().size).toBe(3);
  });
});

describe("outlier ejection by success rate", () => {
  it("leaves out the one that fails far more often than the others", () => {
    const { clock, view, settle, used } = scene(10);
    for (const each of view) {
      for (let n = 0; n < 100; n++) settle(each, each === view[3] && n % 3 === 0 ? bad : good);
    }
    expect(used().size).toBe(10);
    clock.ms = 10_000;
    expect(used()).toEqual(new Set(view.filter((each) => each !== view[3])));
    clock.ms = 40_000;
    expect(used().size).toBe(10);
  });

  it("needs 5 endpoints with 100 attempts each, within an interval", () => {
    const fail = ({ settle, view }: Scene, of: number, times: number): void => {
      for (const each of view.slice(0, of))
        for (let n = 0; n < times; n++) settle(each, each === view[0] && n % 2 === 0 ? bad : good);
    };
    for (const [of, times] of [
      [4, 100],
      [10, 99],
    ] as const) {
      const one = scene(10);
      fail(one, of, times);
      one.clock.ms = 10_000;
      expect(one.used().size).toBe(10);
      fail(one, of, times);
      one.clock.ms = 20_000;
      expect(one.used().size).toBe(10);
    }
    const one = scene(10);
    fail(one, 5, 100);
    one.clock.ms = 10_000;
    expect(one.used().size).toBe(9);
  });

  it("leaves all in where all fail alike", () => {
    const { clock, view, settle, used } = scene(10);
    for (const each of view) for (let n = 0; n < 100; n++) settle(each, n % 3 === 0 ? bad : good);
    clock.ms = 10_000;
    expect(used().size).toBe(10);
  });
});

describe("the limits of outlier ejection", () => {
  it("never has more than 10 %, or one, out at a time, through any failures, time and views", () => {
    const step = fc.record({
      failing: fc.array(fc.nat(39), { maxLength: 20 }),
      passMs: fc.integer({ min: 0, max: 20_000 }),
      size: fc.integer({ min: 2, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), (steps) => {
        const { balancer, clock, view, settle } = scene(40);
        for (const { failing, passMs, size } of steps) {
          balancer.update(view.slice(0, size));
          for (const index of failing) if (index < size) settle(view[index], bad, 5);
          clock.ms += passMs;
          const used = new Set(picks(balancer, 2 * size));
          expect(used.size).toBeGreaterThanOrEqual(size - Math.max(1, Math.floor(size / 10)));
        }
      }),
      { numRuns: 50 },
    );
  });

  it("ignores ejections while less than half would be left", () => {
    const { view, settle, used } = scene(4, { maxEjectionPercent: 100 });
    settle(view[0], bad, 5);
    settle(view[1], bad, 5);
    expect(used()).toEqual(new Set(view.slice(2)));
    settle(view[2], bad, 5);
    expect(used()).toEqual(new Set(view));
  });

  it("still uses the only endpoint that there is", () => {
    const { view, settle, used } = scene(1);
    settle(view[0], bad, 5);
    expect(used()).toEqual(new Set(view));
  });

  it("gives a call an ejected endpoint when it has tried the others, or they have no weight", () => {
    const { balancer, view, settle } = scene(3);
    settle(view[0], bad, 5);
    expect(pick(balancer, view.slice(1))).toBe(view[0]);
    for (const each of view.slice(1)) each.weight = 0;
    expect(pick(balancer)).toBe(view[0]);
    expect(refusal(balancer, [view[0]!])).toBe("1 of 3 endpoints with a weight above 0 tried, none left");
  });

  it("forgets endpoints that leave, so that a new run does not inherit an ejection", () => {
    const { balancer, view, settle } = scene(3);
    settle(view[0], bad, 5);
    balancer.update(view.slice(1));
    balancer.update(view);
    expect(new Set(picks(balancer, 6))).toEqual(new Set(view));
    const restarted = endpoint("a", 100, { incarnation: "2-b" });
    settle(view[0], bad, 5);
    balancer.update(view.with(0, restarted));
    expect(new Set(picks(balancer, 6))).toContain(restarted);
  });
});
