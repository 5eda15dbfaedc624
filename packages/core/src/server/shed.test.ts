import { FakeClock } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { received } from "../fixtures/server-calls.js";
import { createShed } from "./shed.js";

function setup(random = 0) {
  const clock = new FakeClock();
  const { logger, lines } = fakeLogger();
  return { clock, lines, shed: createShed({ clock, logger, random: () => random }) };
}

describe("shed calls", () => {
  it("leave one log line for a burst, with how many it was", async () => {
    const { clock, lines, shed } = setup();
    for (let n = 0; n < 1_000; n++) shed.refuse(received(), "concurrency", "too many", 50);
    expect(lines).toEqual([
      expect.objectContaining({
        level: 40,
        msg: "shedding calls",
        by: "concurrency",
        method: "test.v1.Echo/Say",
        reason: "too many",
        shed: 1,
      }),
    ]);
    await clock.advance(10_000);
    shed.refuse(received(), "concurrency", "too many", 50);
    expect(lines.map((line) => line["shed"])).toEqual([1, 1_000]);
    shed.refuse(received(), "event loop", "late", 50);
    expect(lines).toHaveLength(3);
    expect(shed.counts).toEqual({ concurrency: 1_001, "event loop": 1, "rate limit": 0 });
  });

  it("are told to wait from the time given to twice that", () => {
    for (const [random, ms] of [
      [0, "50"],
      [0.5, "75"],
      [0.999, "100"],
    ] as const) {
      const { trailer } = setup(random).shed.refuse(received(), "concurrency", "too many", 50);
      expect(trailer.get("grpc-retry-pushback-ms")).toEqual([ms]);
    }
  });
});
