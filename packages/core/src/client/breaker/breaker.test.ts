import { FakeClock } from "@rollcall/testing/clock";
import { beforeEach, describe, expect, it } from "vitest";
import { BreakerOpen } from "./breaker-open.js";
import { breakerSettings, type BreakerOptions } from "./breaker-options.js";
import { Breaker, type Permit } from "./breaker.js";
import { RollingWindows } from "./rolling-counts.js";

let clock: FakeClock;
let changes: string[];
let breaker: Breaker;

function setup(options?: BreakerOptions): void {
  clock = new FakeClock(1_000_000);
  changes = [];
  const settings = breakerSettings(options);
  const windows = new RollingWindows(clock, settings.windowMs);
  const changed = ({ state }: { state: string }, from: string): void =>
    void changes.push(`${from} -> ${state}`);
  breaker = new Breaker("test.v1.Stock/Get", "stable", { clock, windows, settings, changed });
}

function permit(): Permit {
  const permitted = breaker.admit(clock.now());
  if (permitted instanceof BreakerOpen) throw new Error(`refused: ${permitted.state}`);
  return permitted;
}

function calls(count: number, verdict: "success" | "failure" | "none"): void {
  for (let n = 0; n < count; n++) breaker.settle(permit(), verdict);
}

const refused = (): boolean => breaker.admit(clock.now()) instanceof BreakerOpen;

async function halfOpen(): Promise<void> {
  calls(20, "failure");
  await clock.advance(5_000);
}

beforeEach(() => setup());

describe("a closed breaker", () => {
  it("opens at half of 20 calls of the last 10 s, not before", () => {
    calls(10, "success");
    calls(9, "failure");
    expect(refused()).toBe(false);
    calls(1, "failure");
    expect(refused()).toBe(true);
    expect(changes).toEqual(["closed -> open"]);
    expect(breaker.seen).toEqual({ calls: 20, failures: 10 });
  });

  it("stays closed below that share, however many calls fail", () => {
    for (let n = 0; n < 1_000; n++) {
      calls(2, "success");
      calls(1, "failure");
    }
    expect(changes).toEqual([]);
  });

  it("forgets what failed before the window", () => {
    calls(19, "failure");
    clock.skip(10_001);
    calls(19, "failure");
    expect(changes).toEqual([]);
    calls(1, "failure");
    expect(changes).toEqual(["closed -> open"]);
  });

  it("does not count calls that say nothing", () => {
    calls(1_000, "none");
    calls(19, "failure");
    expect(changes).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe("an open breaker", () => {
  it("refuses for 5 s, then tries", async () => {
    calls(20, "failure");
    await clock.advance(4_999);
    expect(breaker.admit(clock.now())).toEqual({
      method: "test.v1.Stock/Get",
      subset: "stable",
      state: "open",
      calls: 20,
      failures: 20,
      nextTryMs: 1_005_000,
    });
    await clock.advance(1);
    expect(refused()).toBe(false);
    expect(changes).toEqual(["closed -> open", "open -> half-open"]);
  });

  it("does not care for calls that were sent before it opened, also when it is closed again", async () => {
    const before = Array.from({ length: 100 }, permit);
    await halfOpen();
    const probes = Array.from({ length: 3 }, permit);
    for (const each of before.slice(0, 50)) breaker.settle(each, "failure");
    for (const each of probes) breaker.settle(each, "success");
    expect(breaker.state).toBe("closed");
    for (const each of before.slice(50)) breaker.settle(each, "failure");
    expect(breaker.state).toBe("closed");
  });
});

describe("a half-open breaker", () => {
  it("admits 3 calls, and refuses all others until they have succeeded", async () => {
    await halfOpen();
    const probes = [permit(), permit(), permit()];
    expect(breaker.admit(clock.now())).toMatchObject({ state: "half-open", nextTryMs: undefined });
    breaker.settle(probes[0]!, "success");
    breaker.settle(probes[1]!, "success");
    expect(refused()).toBe(true);
    breaker.settle(probes[2]!, "success");
    expect(breaker.state).toBe("closed");
    expect(breaker.sinceMs).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it("opens again for as long at the first failure, whatever the others say later", async () => {
    await halfOpen();
    const probes = [permit(), permit(), permit()];
    breaker.settle(probes[0]!, "success");
    breaker.settle(probes[1]!, "failure");
    breaker.settle(probes[2]!, "success");
    expect(breaker.state).toBe("open");
    expect(breaker.sinceMs).toBe(1_000_000);
    expect(clock.pending).toBe(0);
    await clock.advance(4_999);
    expect(refused()).toBe(true);
    await clock.advance(1);
    expect(refused()).toBe(false);
  });

  it("gives the place of a call that says nothing to another, once", async () => {
    await halfOpen();
    const [one] = [permit(), permit(), permit()];
    breaker.settle(one, "none");
    breaker.settle(one, "none");
    expect(breaker.state).toBe("half-open");
    permit();
    expect(refused()).toBe(true);
  });

  it("takes a probe that has no verdict in time for one that failed, so it cannot be stuck", async () => {
    setup({ probeTimeoutMs: 300 });
    await halfOpen();
    const hung = permit();
    await clock.advance(299);
    expect(breaker.state).toBe("half-open");
    await clock.advance(1);
    expect(breaker.state).toBe("open");
    breaker.settle(hung, "success");
    expect(breaker.state).toBe("open");
    await clock.advance(5_000);
    expect(refused()).toBe(false);
    breaker.settle(hung, "failure");
    expect(breaker.state).toBe("half-open");
  });
});

describe("the options of a breaker", () => {
  it("are what they say", () => {
    setup({ windowMs: 1_000, minCalls: 5, failureRatio: 1, openMs: 50, probes: 1, probeTimeoutMs: 10 });
    calls(5, "failure");
    expect(refused()).toBe(true);
    clock.skip(50);
    calls(1, "success");
    expect(breaker.state).toBe("closed");
  });

  it("are refused when they are wrong, with the name, the value and what is allowed", () => {
    for (const [options, message] of [
      [{ windowMs: 99 }, "option breaker.windowMs is 99; allowed: a whole number from 100 to 3600000"],
      [{ minCalls: 0 }, "option breaker.minCalls is 0; allowed: a whole number from 1 to 1000000"],
      [{ failureRatio: 0 }, "option breaker.failureRatio is 0; allowed: a number above 0, up to 1"],
      [{ failureRatio: 1.01 }, "option breaker.failureRatio is 1.01"],
      [{ failureRatio: Number.NaN }, "option breaker.failureRatio is NaN"],
      [{ openMs: Infinity }, "option breaker.openMs is Infinity"],
      [{ probes: 1.5 }, "option breaker.probes is 1.5"],
      [{ probeTimeoutMs: "5" }, "option breaker.probeTimeoutMs is '5'"],
      [{ openMS: 5 }, "option breaker.openMS is not one; allowed: windowMs, minCalls"],
      [null, "option breaker is null; allowed: false, or an object with windowMs"],
      [true, "option breaker is true; allowed: false, or an object with windowMs"],
    ] as const)
      expect(() => breakerSettings(options as BreakerOptions)).toThrow(message);
  });
});
