import { FakeClock } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import { Code } from "../code.js";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { answer } from "../fixtures/fake-transport.js";
import { received } from "../fixtures/server-calls.js";
import { Health } from "../gen/grpc/health/v1/health.js";
import { createLoopLag, lagShed } from "./loop-lag.js";
import { createShed } from "./shed.js";

function setup(mostMs = 1_000) {
  const clock = new FakeClock();
  const { logger } = fakeLogger();
  const shed = createShed({ clock, logger, random: () => 0 });
  let lag: number | undefined = 0;
  const stage = lagShed(mostMs, { take: () => lag, close: () => {} }, { clock, shed });
  const handler = stage(async () => answer());
  const served = async (called = received()): Promise<boolean> => {
    try {
      await handler(called);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: Code.ResourceExhausted });
      return false;
    }
  };
  /** A second at this lag; whether a call at its end was served. */
  const second = async (ms: number | undefined): Promise<boolean> => {
    lag = ms;
    await clock.advance(1_000);
    return await served();
  };
  return { clock, second, served, shed };
}

describe("shedding by the event loop's lag", () => {
  it("begins at the second look above the limit, and ends below half of it", async () => {
    const { second } = setup();
    const seen: boolean[] = [];
    for (const ms of [0, 1_500, 900, 1_001, 1_001, 900, 500, 499, 1_200, 0]) seen.push(await second(ms));
    expect(seen).toEqual([true, true, true, true, false, false, false, true, true, true]);
  });

  it("looks once a second, and again when nothing was measured", async () => {
    const { second, served } = setup();
    await second(2_000);
    expect(await served()).toBe(true);
    expect(await second(undefined)).toBe(true);
    expect(await second(2_000)).toBe(false);
    expect(await second(undefined)).toBe(false);
  });

  it("lets health checks through, and counts the others", async () => {
    const { second, served, shed } = setup();
    await second(2_000);
    await second(2_000);
    expect(await served(received(Health.methods.check))).toBe(true);
    expect(await served()).toBe(false);
    expect(shed.counts["event loop"]).toBe(2);
  });
});

describe("the event loop's lag", () => {
  it("is unknown before it was measured, and a number after it is closed", () => {
    const lag = createLoopLag();
    expect(lag.take()).toBeUndefined();
    lag.close();
  });
});
