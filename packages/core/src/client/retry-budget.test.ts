import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeClock } from "@rollcall/testing/clock";
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

  it("saves up to 100, which time does not take away", async () => {
    const clock = new FakeClock();
    const budget = createRetryBudget(clock);
    for (let n = 0; n < 10_000; n++) budget.earn();
    await clock.advance(60_000);
    expect(drain(budget)).toBe(100);
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
