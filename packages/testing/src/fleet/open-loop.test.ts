import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "./fixtures/manual-clock.js";
import { openLoop, type Shot } from "./open-loop.js";

describe("openLoop", () => {
  it("makes exactly rate x time calls, each when it is due", async () => {
    const clock = manualClock();
    const startMs = clock.now();
    const made: number[] = [];
    const loop = openLoop({
      ratePerSecond: 500,
      durationMs: 1000,
      clock,
      call: async () => void made.push(clock.now() - startMs),
    });
    await clock.advance(1000);
    expect(await loop).toEqual({ calls: 500, maxLateMs: 0, durationMs: expect.any(Number) });
    expect(made).toEqual(Array.from({ length: 500 }, (_, n) => n * 2));
  });

  it("does not slow down for slow answers", async () => {
    const clock = manualClock();
    const shots: Shot<void>[] = [];
    let inFlight = 0;
    let most = 0;
    const loop = openLoop({
      ratePerSecond: 100,
      durationMs: 1000,
      clock,
      async call() {
        most = Math.max(most, ++inFlight);
        await clock.sleep(5000);
        inFlight--;
      },
      settled: (shot) => shots.push(shot),
    });
    await clock.advance(999);
    expect(most).toBe(100);
    expect(shots).toHaveLength(0);
    await clock.advance(10_000);
    expect((await loop).calls).toBe(100);
    expect(shots.map((shot) => shot.latencyMs)).toEqual(Array<number>(100).fill(5000));
  });

  it("makes up for a stall at once and counts the wait as latency", async () => {
    const clock = manualClock();
    const shots: Shot<void>[] = [];
    const loop = openLoop({
      ratePerSecond: 100,
      durationMs: 1000,
      clock,
      call: async () => {},
      settled: (shot) => shots.push(shot),
    });
    await clock.advance(100);
    expect(shots).toHaveLength(11);
    await clock.stall(505);
    expect(shots.map((shot) => shot.n)).toEqual(Array.from({ length: 61 }, (_, n) => n));
    expect(shots.slice(11).map((shot) => shot.latencyMs)).toEqual(
      Array.from({ length: 50 }, (_, n) => 495 - n * 10),
    );
    await clock.advance(1000);
    expect(await loop).toMatchObject({ calls: 100, maxLateMs: 495 });
  });

  it("makes every call of its time even if it wakes up only after the end", async () => {
    const clock = manualClock();
    let calls = 0;
    const loop = openLoop({ ratePerSecond: 50, durationMs: 1000, clock, call: async () => void calls++ });
    await clock.stall(60_000);
    await loop;
    expect(calls).toBe(50);
  });

  it("makes what was due when its signal aborts, and waits for the answers", async () => {
    const clock = manualClock();
    const ending = new AbortController();
    const ended: number[] = [];
    const loop = openLoop({
      ratePerSecond: 10,
      signal: ending.signal,
      clock,
      call: (n) => clock.sleep(1000).then(() => n),
      settled: (shot) => ended.push(shot.n),
    });
    await clock.advance(450);
    ending.abort();
    expect(ended).toEqual([]);
    await clock.advance(5000);
    expect(await loop).toMatchObject({ calls: 5, durationMs: 450 });
    expect(ended).toEqual([0, 1, 2, 3, 4]);
  });

  it("makes no call when its signal has aborted before", async () => {
    const loop = openLoop({ ratePerSecond: 10, signal: AbortSignal.abort(), call: async () => {} });
    expect((await loop).calls).toBe(0);
  });

  it("hands failures over, also those thrown at once", async () => {
    const clock = manualClock();
    const shots: Shot<unknown>[] = [];
    const loop = openLoop({
      ratePerSecond: 10,
      durationMs: 200,
      clock,
      call(n) {
        if (n === 0) throw new Error("at once");
        return Promise.reject(new Error("later"));
      },
      settled: (shot) => shots.push(shot),
    });
    await clock.advance(200);
    await loop;
    expect(shots).toMatchObject([
      { ok: false, error: new Error("at once") },
      { ok: false, error: new Error("later") },
    ]);
  });

  it("never makes fewer calls than rate x time, whatever the stalls", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2000 }),
        fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 8 }),
        async (ratePerSecond, stalls) => {
          const clock = manualClock();
          const ending = new AbortController();
          const loop = openLoop({ ratePerSecond, signal: ending.signal, clock, call: async () => {} });
          for (const stall of stalls) await clock.stall(stall);
          ending.abort();
          const { calls, durationMs } = await loop;
          expect(calls).toBeGreaterThanOrEqual(Math.floor((durationMs * ratePerSecond) / 1000));
          expect(calls).toBeLessThanOrEqual(Math.floor((durationMs * ratePerSecond) / 1000) + 1);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("refuses a schedule without a rate or an end", async () => {
    const call = async (): Promise<void> => {};
    await expect(openLoop({ ratePerSecond: 0, durationMs: 1, call })).rejects.toThrow(/above 0, not 0/);
    await expect(openLoop({ ratePerSecond: 1, call })).rejects.toThrow(/durationMs or a signal/);
  });
});
