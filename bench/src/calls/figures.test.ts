import { describe, expect, it } from "vitest";
import { figuresOf, ratiosOf } from "./figures.js";
import { cellOf, roundOf } from "./fixtures/rounds.js";

describe("the figures of a kind", () => {
  it("are medians of its rounds, with the least and the most", () => {
    const cell = cellOf({ "grpc-js": [100, 100, 100], lane: [1_000, 3_000, 2_000] });
    expect(figuresOf("lane", cell).perSecond).toEqual({ median: 2_000, min: 1_000, max: 3_000 });
  });

  it("compare each round with grpc-js in the same round, so that a machine that got slower does not count", () => {
    const cell = cellOf({ "grpc-js": [100, 50, 10], lane: [1_000, 500, 100] });
    expect(figuresOf("lane", cell).ratio).toEqual({ median: 10, min: 10, max: 10 });
  });

  it("count calls per second of the time they took, not of the time they should have", () => {
    const rounds = new Map([["grpc-js", [roundOf({ calls: 300, seconds: 1.5 })]]]);
    expect(figuresOf("grpc-js", { bytes: 100, concurrency: 1, rounds }).perSecond.median).toBe(200);
  });

  it("need both", () => {
    expect(() => figuresOf("lane", cellOf({ "grpc-js": [1] }))).toThrow("no rounds of lane");
    expect(() => figuresOf("lane", cellOf({ lane: [1] }))).toThrow("no rounds of grpc-js");
  });
});

describe("the ratios", () => {
  it("are those of small messages, by kind and calls at once", () => {
    const rounds = { "grpc-js": [100, 100, 100], lane: [1_233, 1_234, 1_236], "nice-grpc": [70, 80, 90] };
    const cells = [cellOf(rounds, { concurrency: 64 }), cellOf(rounds, { bytes: 4_096, concurrency: 1 })];
    expect(ratiosOf(cells)).toEqual({
      "grpc-js@64": 1,
      "grpc-jsClientCpu@64": 1,
      "lane@64": 12.3,
      "laneClientCpu@64": 1,
      "nice-grpc@64": 0.8,
      "nice-grpcClientCpu@64": 1,
    });
  });

  it("of CPU time are less where a call takes less", () => {
    const rounds = new Map([
      ["grpc-js", [roundOf({ clientCpuUs: 200 })]],
      ["plain", [roundOf({ clientCpuUs: 170 })]],
    ]);
    expect(ratiosOf([{ bytes: 100, concurrency: 64, rounds }])["plainClientCpu@64"]).toBe(0.85);
  });

  it("have three digits, however small they are", () => {
    const rounds = new Map([
      ["grpc-js", [roundOf({ clientCpuUs: 3_000 })]],
      ["tcp", [roundOf({ clientCpuUs: 3.7 })]],
    ]);
    expect(ratiosOf([{ bytes: 100, concurrency: 64, rounds }])["tcpClientCpu@64"]).toBe(0.00123);
  });
});
