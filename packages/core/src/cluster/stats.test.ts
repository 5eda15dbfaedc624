import { describe, expect, it } from "vitest";
import { Code } from "../code.js";
import { Stats } from "./stats.js";

describe("an endpoint's statistics", () => {
  it("begin with no latency and full success, and take the first answer as it is", () => {
    const stats = new Stats();
    expect(stats).toMatchObject({ inflight: 0, latencyMs: 0, successRate: 1 });
    stats.record({ code: Code.Ok, latencyMs: 50, processed: "yes" }, 1_000);
    expect(stats).toMatchObject({ latencyMs: 50, successRate: 1 });
  });

  it("keep 1/e of what was seen 10 s ago", () => {
    const stats = new Stats();
    stats.record({ code: Code.Ok, latencyMs: 100, processed: "yes" }, 0);
    stats.record({ code: Code.Unavailable, latencyMs: 0, processed: "yes" }, 10_000);
    expect(stats.latencyMs).toBeCloseTo(100 / Math.E);
    expect(stats.successRate).toBeCloseTo(1 / Math.E);
  });

  it("count the server's faults only", () => {
    const faults = [];
    for (let code = 0; code <= 16; code++) {
      const stats = new Stats();
      stats.record({ code: code as Code, latencyMs: 1, processed: "yes" }, 0);
      if (stats.successRate === 0) faults.push(code);
    }
    expect(faults).toEqual([
      Code.Unknown,
      Code.DeadlineExceeded,
      Code.ResourceExhausted,
      Code.Internal,
      Code.Unavailable,
      Code.DataLoss,
    ]);
  });

  it("stay numbers when answers come in the same millisecond or the clock seems to stand", () => {
    const stats = new Stats();
    for (let n = 0; n < 1_000; n++)
      stats.record({ code: n % 2 === 0 ? Code.Ok : Code.Internal, latencyMs: 10, processed: "yes" }, 5);
    expect(stats.latencyMs).toBeCloseTo(10);
    expect(stats.successRate).toBeGreaterThan(0);
    expect(stats.successRate).toBeLessThan(1);
  });
});
