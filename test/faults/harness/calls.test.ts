import { describe, expect, it } from "vitest";
import {
  dueBetween,
  failed,
  lastPickAfter,
  p99BackMs,
  percentileMs,
  reasons,
  sharePercent,
  type MadeCall,
} from "./calls.js";

const call = (dueMs: number, change: Partial<MadeCall> = {}): MadeCall => ({
  method: "get",
  dueMs,
  latencyMs: 5,
  code: 0,
  picks: [],
  ...change,
});
const picked = (instance: string, atMs: number): MadeCall => call(atMs, { picks: [{ instance, atMs }] });

describe("what is read from calls", () => {
  it("counts a call for the time in which it was due", () => {
    const calls = [call(10), call(20, { code: 14 }), call(30)];
    expect(dueBetween(calls, 20, 30)).toEqual([calls[1]]);
    expect(failed(calls)).toEqual([calls[1]]);
  });

  it("finds the last pick after a moment, and 0 when there was none", () => {
    const calls = [picked("a", 90), picked("a", 130), picked("b", 170)];
    expect(lastPickAfter(calls, "a", 100)).toBe(30);
    expect(lastPickAfter(calls, "b", 100)).toBe(70);
    expect(lastPickAfter(calls, "a", 140)).toBe(0);
  });

  it("counts every attempt of a call in an instance's share", () => {
    const twice = call(1, {
      picks: [
        { instance: "a", atMs: 1 },
        { instance: "b", atMs: 2 },
      ],
    });
    expect(sharePercent([twice, picked("a", 3), picked("a", 4)], "a", 0, 10)).toBe(75);
  });

  it("has no percentile of nothing, so that nothing holds no bound", () => {
    expect(percentileMs([], 99)).toBeNaN();
    expect(percentileMs([call(0, { latencyMs: 7 }), call(1, { latencyMs: 9 })], 50)).toBe(7);
  });

  it("says that p99 is back only after the last bad stretch", () => {
    const slow = { latencyMs: 900 };
    const calls = [call(0), call(600, slow), call(1_100), call(1_700, slow), call(2_200), call(2_900)];
    expect(p99BackMs(calls, 0, 100)).toBe(2_000);
    expect(p99BackMs([call(0), call(600)], 0, 100)).toBe(0);
  });

  it("names the reasons of failures, the most frequent first", () => {
    const lost = (text: string): MadeCall => call(0, { code: 14, text });
    expect(reasons([lost("b"), lost("a"), lost("a"), call(0)])).toEqual(["2 x get [14] a", "1 x get [14] b"]);
  });
});
