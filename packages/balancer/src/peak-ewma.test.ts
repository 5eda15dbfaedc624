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

  it("follows the weights as closely while there is hardly a call in flight", () => {
    for (const seed of [0.1, 0.2, 0.3]) {
      const view = endpoints([100, 30, 10]);
      const random = seededRandom(seed);
      const load = { seed, callsPerSecond: 20, seconds: 500, latencyMs: () => 5 + 5 * random() };
      const sent = simulate(peakEwma, view, load);
      const shares = view.map((each) => (sent.get(each) ?? 0) / 10_000);
      [100 / 140, 30 / 140, 10 / 140].forEach((share, n) =>
        expect(Math.abs((shares[n] ?? 0) - share), `seed ${seed}: ${shares.join()}`).toBeLessThan(0.07),
      );
    }
  });

  it("prefers the one with fewer calls in flight when both are as fast", () => {
    const balancer = open(peakEwma);
    const [a, b] = [endpoint("a"), endpoint("b")];
    balancer.update([a, b]);
    a.stats.inflight = 1;
    const [onA = 0] = counts(picks(balancer, 1_000), [a, b]);
    // It is drawn first half of the time, and then loses three quarters.
    expect(onA).toBeGreaterThan(125 - 32);
    expect(onA).toBeLessThan(125 + 32);
  });

  it("believes one slow answer at once, and forgives it within a minute of silence", () => {
    const clock = standingClock();
    const balancer = open(peakEwma, 0.5, { clock });
    const [a, b] = [endpoint("a"), endpoint("b")];
    balancer.update([a, b]);
    for (const each of [a, b]) balancer.settled?.(each, answer(10));
    balancer.settled?.(a, answer(1_000));
    const ofA = (): number => counts(picks(balancer, 1_000), [a])[0] ?? 0;
    expect(ofA()).toBeLessThan(5);
    const shares = [];
    for (let second = 0; second < 60; second++) {
      clock.ms += 1_000;
      balancer.settled?.(b, answer(10));
      if (second === 10 || second === 59) shares.push(ofA());
    }
    expect(shares[0]).toBeLessThan(50);
    expect(shares[1]).toBeGreaterThan(400);
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
    balancer.settled?.(a, answer(1_000));
    balancer.settled?.(b, answer(40));
    const ofB = (): number => counts(picks(balancer, 1_000), [b])[0] ?? 0;
    clock.ms = 5;
    balancer.settled?.(b, answer(90_000, { code: Code.Unavailable, processed: "no" }));
    balancer.settled?.(a, answer(1, { code: Code.Cancelled, processed: "unknown" }));
    expect(ofB()).toBeGreaterThan(990);
    balancer.settled?.(b, answer(90_000, { code: Code.Cancelled, processed: "unknown" }));
    expect(ofB()).toBeLessThan(10);
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
