import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeClock } from "@rollcall/testing/clock";
import type { Clock } from "../ports/clock.js";
import { createRetryBudget, type RetryBudget } from "./retry-budget.js";

function drain(budget: RetryBudget): number {
  let spent = 0;
  while (budget.spend()) spent++;
  return spent;
}

describe("a retry budget", () => {
  it("starts with a reserve of 10", () => {
    expect(drain(createRetryBudget(new FakeClock()))).toBe(10);
  });

  it("earns 0.2 per success: one retry for five", () => {
    const budget = createRetryBudget(new FakeClock());
    drain(budget);
    for (let n = 0; n < 4; n++) budget.earn();
    expect(budget.spend()).toBe(false);
    budget.earn();
    expect(drain(budget)).toBe(1);
  });

  it("refills 1 per second, up to the reserve only", async () => {
    const clock = new FakeClock();
    const budget = createRetryBudget(clock);
    drain(budget);
    await clock.advance(3_000);
    expect(drain(budget)).toBe(3);
    await clock.advance(3_600_000);
    expect(drain(budget)).toBe(10);
  });

  it("saves what the successes of the last 4 s have earned, at any rate", async () => {
    for (const perSecond of [10, 500, 20_000]) {
      const clock = new FakeClock();
      const budget = createRetryBudget(clock);
      for (let second = 0; second < 20; second++) {
        for (let n = 0; n < perSecond; n++) budget.earn();
        await clock.advance(1_000);
      }
      const perWindow = perSecond * 0.2 * 4;
      const saved = drain(budget) - 10;
      expect(saved).toBeGreaterThanOrEqual(perWindow * 0.75 - 1);
      expect(saved).toBeLessThanOrEqual(perWindow);
    }
  });

  it("forgets what was earned before that, and keeps its reserve", async () => {
    const clock = new FakeClock();
    const budget = createRetryBudget(clock);
    for (let n = 0; n < 10_000; n++) budget.earn();
    await clock.advance(3_500);
    expect(budget.spend()).toBe(true);
    await clock.advance(500);
    expect(drain(budget)).toBe(10);
  });

  it("spends what will be lost first", async () => {
    const clock = new FakeClock();
    const budget = createRetryBudget(clock, { reserve: 0, refillPerSecond: 0 });
    for (let n = 0; n < 50; n++) budget.earn();
    await clock.advance(2_000);
    for (let n = 0; n < 50; n++) budget.earn();
    for (let n = 0; n < 10; n++) expect(budget.spend()).toBe(true);
    await clock.advance(2_000);
    expect(drain(budget)).toBe(10);
  });

  it("does not mind a clock that is set back", async () => {
    let now = 1_000_000;
    const clock = { now: () => now } as Clock;
    const budget = createRetryBudget(clock);
    for (let n = 0; n < 50; n++) budget.earn();
    now -= 500_000;
    for (let n = 0; n < 50; n++) budget.earn();
    expect(drain(budget)).toBe(30);
  });

  it("never allows more than the reserve, a share of successes and the refill", async () => {
    const step = fc.oneof(
      fc.record({ earn: fc.nat(50) }),
      fc.record({ spend: fc.nat(50) }),
      fc.record({ waitMs: fc.nat(5_000) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = new FakeClock();
        const budget = createRetryBudget(clock);
        let [spent, earned, waitedMs] = [0, 0, 0];
        for (const each of steps) {
          if ("earn" in each) for (let n = 0; n < each.earn; n++, earned++) budget.earn();
          else if ("waitMs" in each) {
            await clock.advance(each.waitMs);
            waitedMs += each.waitMs;
          } else for (let n = 0; n < each.spend; n++) if (budget.spend()) spent++;
        }
        expect(spent).toBeLessThanOrEqual(10 + earned * 0.2 + waitedMs / 1000 + 1e-6);
      }),
      { numRuns: 50 },
    );
  });
});
