import { FakeClock } from "@rollcall/testing/clock";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code } from "../code.js";
import type { RpcError } from "../errors.js";
import { method } from "../fixtures/contracts.js";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { answer } from "../fixtures/fake-transport.js";
import { received } from "../fixtures/server-calls.js";
import { rateLimit, TokenBucket } from "./rate-limit.js";
import { createShed } from "./shed.js";

describe("a token bucket", () => {
  it("lets through a burst, then its rate", async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket(clock, { perSecond: 10, burst: 3 });
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 0]);
    expect(bucket.take()).toBeCloseTo(100);
    await clock.advance(50);
    expect(bucket.take()).toBeCloseTo(50);
    await clock.advance(50);
    expect(bucket.take()).toBe(0);
    await clock.advance(60_000);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 0]);
    expect(bucket.take()).toBeGreaterThan(0);
  });

  it("lets through one at once where the rate is below one a second", async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket(clock, { perSecond: 0.1 });
    expect(bucket.take()).toBe(0);
    expect(bucket.take()).toBeCloseTo(10_000);
  });

  it("never lets through more than its burst and what it earned since, whatever the pauses", async () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 });
    const run = async (perSecond: number, burst: number, all: readonly number[]): Promise<void> => {
      const clock = new FakeClock();
      const begun = clock.now();
      const bucket = new TokenBucket(clock, { perSecond, burst });
      let taken = 0;
      for (const pause of all) {
        await clock.advance(pause);
        if (bucket.take() === 0) taken++;
        expect(taken).toBeLessThanOrEqual(burst + ((clock.now() - begun) * perSecond) / 1_000 + 1e-6);
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 10 }), pauses, run),
      { numRuns: 50 },
    );
  });
});

describe("the rate limit of methods", () => {
  it("refuses with the time until the next call may come, and only the method that has one", async () => {
    const clock = new FakeClock();
    const { logger } = fakeLogger();
    const shed = createShed({ clock, logger, random: () => 0 });
    const stage = rateLimit((path) => (path.endsWith("/Say") ? { perSecond: 4, burst: 1 } : undefined), {
      clock,
      shed,
    });
    const handler = stage(async () => answer());
    await handler(received());
    const refused = (): RpcError => {
      try {
        void handler(received());
      } catch (error) {
        return error as RpcError;
      }
      throw new Error("served");
    };
    const error = refused();
    expect(error).toMatchObject({
      code: Code.ResourceExhausted,
      reason: "above the method's rate of 4 calls per second",
    });
    expect(error.trailer.get("grpc-retry-pushback-ms")).toEqual(["250"]);
    for (let n = 0; n < 10; n++) await handler(received(method("unary", { path: "/test.v1.Echo/Other" })));
    await clock.advance(250);
    await handler(received());
    expect(shed.counts["rate limit"]).toBe(1);
  });
});
