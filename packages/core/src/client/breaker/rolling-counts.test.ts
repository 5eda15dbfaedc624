import { FakeClock } from "@rollcall/testing/clock";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RollingWindows } from "./rolling-counts.js";

describe("counts of a rolling window", () => {
  it("hold what was counted in the window, to a tenth of it", () => {
    const step = fc.record({ passMs: fc.nat(400), failed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new FakeClock();
        const counts = new RollingWindows(clock, 1_000).create();
        const added: { atMs: number; failed: boolean }[] = [];
        for (const { passMs, failed } of steps) {
          clock.skip(passMs);
          counts.add(failed);
          added.push({ atMs: clock.now(), failed });
          const { calls, failures } = counts.read();
          const since = (ms: number): typeof added => added.filter(({ atMs }) => clock.now() - atMs <= ms);
          expect(calls).toBeGreaterThanOrEqual(since(899).length);
          expect(calls).toBeLessThanOrEqual(since(1_000).length);
          expect(failures).toBeGreaterThanOrEqual(since(899).filter((each) => each.failed).length);
          expect(failures).toBeLessThanOrEqual(since(1_000).filter((each) => each.failed).length);
        }
      }),
    );
  });

  it("are each their own, though they turn together", () => {
    const clock = new FakeClock();
    const windows = new RollingWindows(clock, 1_000);
    const [one, other] = [windows.create(), windows.create()];
    one.add(true);
    clock.skip(950);
    other.add(false);
    expect([one.read(), other.read()]).toEqual([
      { calls: 1, failures: 1 },
      { calls: 1, failures: 0 },
    ]);
    clock.skip(100);
    expect([one.read(), other.read()]).toEqual([
      { calls: 0, failures: 0 },
      { calls: 1, failures: 0 },
    ]);
  });

  it("are empty after any time without a call, and set no timer", () => {
    const clock = new FakeClock();
    const windows = new RollingWindows(clock, 10_000);
    const counts = windows.create();
    counts.add(true);
    clock.skip(365 * 86_400_000);
    expect(counts.read()).toEqual({ calls: 0, failures: 0 });
    expect(clock.pending).toBe(0);
  });

  it("do not turn once they are closed, nor keep a clock that stands still busy", () => {
    const clock = new FakeClock();
    const windows = new RollingWindows(clock, 1_000);
    const [closed, kept] = [windows.create(), windows.create()];
    closed.add(true);
    closed.close();
    clock.skip(5_000);
    expect(kept.read()).toEqual({ calls: 0, failures: 0 });
    expect(closed.read()).toEqual({ calls: 1, failures: 1 });
  });
});
