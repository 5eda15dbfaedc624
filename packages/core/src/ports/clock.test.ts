import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeClock } from "@rollcall/testing/clock";
import { sleepOn, systemClock } from "./clock.js";

it("the system clock gives milliseconds since the epoch that never go back", () => {
  const before = systemClock.now();
  expect(Math.abs(before - Date.now())).toBeLessThan(60_000);
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
});

describe("a short timer of the system clock", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("fires once, and not when it was cancelled", () => {
    const fired = vi.fn<() => void>();
    systemClock.timer(5, fired);
    systemClock.timer(5, fired)();
    vi.advanceTimersByTime(100);
    expect(fired).toHaveBeenCalledTimes(1);
  });

  it("may be of a time that is past, or that never comes", () => {
    const past = vi.fn<() => void>();
    const never = vi.fn<() => void>();
    systemClock.timer(-5, past);
    systemClock.timer(Infinity, never)();
    systemClock.timer(Infinity, never);
    vi.advanceTimersByTime(2 ** 31);
    expect(past).toHaveBeenCalledTimes(1);
    expect(never).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("sleepOn", () => {
  it("resolves after its time and lets go of the signal", async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, "removeEventListener");
    const slept = sleepOn(clock, 5, signal);
    await clock.advance(5);
    await slept;
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it("rejects with the signal's reason, before or while it sleeps, and leaves no timer", async () => {
    const clock = new FakeClock();
    const reason = new Error("enough");
    await expect(sleepOn(clock, 5, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const slept = sleepOn(clock, 5, controller.signal);
    controller.abort(reason);
    await expect(slept).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });
});
