import { describe, expect, it } from "vitest";
import { Code, type Outcome } from "@rollcall/core";
import { open } from "./contract.js";
import {
  counts,
  endpoint,
  endpoints,
  pick,
  picks,
  seededRandom,
  standingClock,
} from "./fixtures/endpoints.js";
import { simulate } from "./fixtures/simulate.js";
import { peakEwma } from "./peak-ewma.js";

function answer(latencyMs: number, change: Partial<Outcome> = {}): Outcome {
  return { code: Code.Ok, latencyMs, processed: "yes", ...change };
}

describe("peak-ewma", () => {
  it("gives a slow instance at most 10 % of the calls of 10 s", () => {
    for (const seed of [0.1, 0.2, 0.3, 0.4, 0.5]) {
      const view = endpoints([100, 100, 100]);
      const sent = simulate(peakEwma, view, {
        seed,
        callsPerSecond: 200,
        seconds: 10,
        latencyMs: (each) => (each === view[0] ? 505 : 5),
      });
      expect((sent.get(view[0]!) ?? 0) / 2_000).toBeLessThanOrEqual(0.1);
    }
  });

  it("is even among equals under load, and follows the weights", () => {
    const view = endpoints([100, 100, 50, 50]);
    const load = { seed: 0.5, callsPerSecond: 4_000, seconds: 10, latencyMs: () => 50 };
    const sent = simulate(peakEwma, view, load);
    const total = load.callsPerSecond * load.seconds;
    [1 / 3, 1 / 3, 1 / 6, 1 / 6].forEach((share, n) =>
      expect((sent.get(view[n]!) ?? 0) / total).toBeCloseTo(share, 1),
    );
  });

  it("prefers the one with fewer calls in flight when both are as fast", () => {
    const balancer = open(peakEwma);
    const [a, b] = [endpoint("a"), endpoint("b")];
    balancer.update([a, b]);
    a.stats.inflight = 1;
    expect(new Set(picks(balancer, 20))).toEqual(new Set([b]));
  });

  it("believes one slow answer at once, and forgives it within half a minute of silence", () => {
    const clock = standingClock();
    const balancer = open(peakEwma, 0.5, { clock });
    const [a, b] = [endpoint("a"), endpoint("b")];
    balancer.update([a, b]);
    for (const each of [a, b]) balancer.settled?.(each, answer(10));
    balancer.settled?.(a, answer(100));
    for (let second = 0; second < 20; second++) {
      clock.ms += 1_000;
      expect(pick(balancer)).toBe(b);
      balancer.settled?.(b, answer(10));
    }
    clock.ms += 9_000;
    balancer.settled?.(b, answer(10));
    expect(pick(balancer)).toBe(a);
  });

  it("assumes that a newcomer is as fast as all others, so that it is neither flooded nor starved", () => {
    for (const latencyMs of [1, 2_000]) {
      const view = endpoints([100, 100, 100]);
      const clock = standingClock();
      const balancer = open(peakEwma, 0.5, { clock });
      balancer.update(view);
      for (let n = 0; n < 100; n++) {
        clock.ms += 1_000;
        for (const each of view) balancer.settled?.(each, answer(latencyMs));
      }
      const newcomer = endpoint("newcomer");
      balancer.update([...view, newcomer]);
      const picked = Array.from({ length: 400 }, () => {
        const each = pick(balancer) as typeof newcomer;
        each.stats.inflight++;
        return each;
      });
      const [taken = 0] = counts(picked, [newcomer]);
      expect(taken).toBeGreaterThan(80);
      expect(taken).toBeLessThan(120);
    }
  });

  it("is not attracted by an endpoint that fails fast", () => {
    const view = endpoints([100, 100, 100, 100]);
    const sent = simulate(peakEwma, view, {
      seed: 0.5,
      callsPerSecond: 200,
      seconds: 10,
      latencyMs: (each) => (each === view[0] ? 1 : 20),
      code: (each) => (each === view[0] ? Code.Internal : Code.Ok),
    });
    expect((sent.get(view[0]!) ?? 0) / 2_000).toBeLessThanOrEqual(0.1);
  });

  it("learns nothing from calls that no handler saw, nor from a caller that gave up early", () => {
    const clock = standingClock();
    const balancer = open(peakEwma, 0.5, { clock });
    const [a, b] = [endpoint("a"), endpoint("b")];
    balancer.update([a, b]);
    balancer.settled?.(a, answer(50));
    balancer.settled?.(b, answer(10));
    clock.ms = 5;
    balancer.settled?.(b, answer(9_000, { code: Code.Unavailable, processed: "no" }));
    balancer.settled?.(a, answer(1, { code: Code.Cancelled, processed: "unknown" }));
    expect(new Set(picks(balancer, 20))).toEqual(new Set([b]));
    balancer.settled?.(b, answer(9_000, { code: Code.Cancelled, processed: "unknown" }));
    expect(new Set(picks(balancer, 20))).toEqual(new Set([a]));
  });

  it("forgets an endpoint that leaves", () => {
    const clock = standingClock();
    const balancer = open(peakEwma, 0.5, { clock, random: seededRandom(0.5) });
    const [a, b] = [endpoint("a"), endpoint("b")];
    balancer.update([a, b]);
    balancer.settled?.(b, answer(30));
    balancer.settled?.(a, answer(10_000, { code: Code.Cancelled }));
    expect(new Set(picks(balancer, 100))).toEqual(new Set([b]));
    balancer.update([b]);
    balancer.update([a, b]);
    expect(new Set(picks(balancer, 100))).toEqual(new Set([a, b]));
  });
});
