import { describe, expect, it, vi } from "vitest";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { boundedSignal, unlessAborted } from "./bounded.js";

describe("unlessAborted", () => {
  it("gives the promise's outcome, and lets go of the signal", async () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, "removeEventListener");
    expect(await unlessAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(unlessAborted(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
    await settle();
    expect(removed).toHaveBeenCalledTimes(2);
  });

  it("gives undefined once the signal aborts, and swallows what comes later", async () => {
    const controller = new AbortController();
    const late = Promise.withResolvers<number>();
    const result = unlessAborted(late.promise, controller.signal);
    controller.abort();
    expect(await result).toBeUndefined();
    late.reject(new Error("late"));
    await settle();
    expect(await unlessAborted(new Promise(() => {}), AbortSignal.abort())).toBeUndefined();
  });
});

describe("boundedSignal", () => {
  const clock = new FakeClock();

  it("aborts after its time", async () => {
    const { signal } = boundedSignal(clock, 50);
    await clock.advance(49);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.reason).toMatchObject({ name: "TimeoutError", message: "not done within 50 ms" });
  });

  it("aborts with its parent, before or later", () => {
    const reason = new Error("forced");
    expect(boundedSignal(clock, 50, AbortSignal.abort(reason)).signal.reason).toBe(reason);
    const controller = new AbortController();
    const { signal } = boundedSignal(clock, 50, controller.signal);
    controller.abort(reason);
    expect(signal.reason).toBe(reason);
  });

  it("has no timer and no listener once released", async () => {
    const released = new FakeClock();
    const controller = new AbortController();
    const bounded = boundedSignal(released, 50, controller.signal);
    bounded.release();
    controller.abort();
    await released.advance(100);
    expect(bounded.signal.aborted).toBe(false);
    expect(released.pending).toBe(0);
  });
});
