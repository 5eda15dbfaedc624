import { describe, expect, it } from "vitest";
import { Code, RpcError, type Call, type Handler } from "@rollcall/core";
import { classifyError } from "./classify.js";
import { manualClock } from "./fixtures/manual-clock.js";
import { receiptInterceptor } from "./receipt-interceptor.js";
import { createReceipt } from "./receipt-recorder.js";
import { keepStream, recordedLoop } from "./recorded-loop.js";

describe("classifyError", () => {
  it("takes only what a handler chose for an application error", () => {
    const remote = (code: Code, processed: "yes" | "no" = "yes"): RpcError =>
      new RpcError(code, "", { origin: "remote", processed });
    expect(classifyError(remote(Code.NotFound))).toBe("appError");
    expect(classifyError(remote(Code.NotFound, "no"))).toBe("dropped");
    expect(classifyError(remote(Code.Unavailable))).toBe("dropped");
    expect(classifyError(remote(Code.Internal))).toBe("dropped");
    expect(classifyError(remote(Code.Cancelled))).toBe("dropped");
    expect(classifyError(new RpcError(Code.InvalidArgument, ""))).toBe("dropped");
    expect(classifyError(new RpcError(Code.Cancelled, ""))).toBe("cancelled");
    expect(classifyError(new Error("?"))).toBe("dropped");
  });
});

describe("recordedLoop", () => {
  it("writes each call under the step in which it was due, with what it noted", async () => {
    const clock = manualClock();
    const recorder = createReceipt({ clock });
    recorder.step("before");
    const loop = recordedLoop({
      recorder,
      ratePerSecond: 10,
      durationMs: 200,
      clock,
      async call(n, notes) {
        notes.instance = n === 0 ? "a" : "b";
        notes.attempts = n + 1;
        await clock.sleep(1000);
        if (n === 1) throw new RpcError(Code.Unavailable, "gone", { origin: "remote" });
      },
    });
    await clock.advance(50);
    recorder.step("after");
    await clock.advance(5000);
    await loop;
    const { steps, perInstance } = recorder.receipt();
    expect(steps).toMatchObject([
      { name: "before", calls: 1, ok: 1, maxMs: 1000 },
      { name: "after", calls: 1, dropped: 1, retried: 1 },
    ]);
    expect(perInstance).toMatchObject({ a: { ok: 1 }, b: { dropped: 1, attempts: 2 } });
  });
});

describe("keepStream", () => {
  it("tells a stream that was opened again from one that broke, and ends as completed", async () => {
    const clock = manualClock();
    const recorder = createReceipt({ clock });
    const ending = new AbortController();
    let streams = 0;
    const kept = keepStream({
      recorder,
      signal: ending.signal,
      clock,
      async *open(notes, signal) {
        if (++streams === 1) throw new Error("not there yet");
        notes.opened("a");
        yield 1;
        notes.opened("b");
        yield 2;
        if (streams === 2) throw new Error("reset");
        await clock.sleep(Infinity, signal);
      },
    });
    await clock.advance(100);
    await clock.advance(100);
    await clock.advance(100);
    ending.abort();
    await kept;
    const { streams: tally, perInstance, firstDropped } = recorder.receipt();
    expect(tally).toEqual({ opened: 3, completed: 1, reopened: 2, dropped: 2, messages: 4 });
    expect(perInstance["b"]?.streams).toMatchObject({ completed: 1, dropped: 1, reopened: 2, messages: 2 });
    expect(firstDropped.map((each) => each.error)).toEqual(["not there yet", "reset"]);
  });
});

describe("receiptInterceptor", () => {
  it("tells instance and attempts of calls, failed ones and ones that got nowhere included", async () => {
    const clock = manualClock();
    const recorder = createReceipt({ clock });
    const sent: string[][] = [["a"], ["a", "b"], []];
    const client = receiptInterceptor((call) => {
      if (call.attempts.length === 1) return Promise.resolve({}) as ReturnType<Handler>;
      return Promise.reject(new RpcError(Code.Unavailable, "gone"));
    });
    const loop = recordedLoop({
      recorder,
      ratePerSecond: 10,
      durationMs: 300,
      clock,
      call: (n) => client({ attempts: sent[n]!.map((id) => ({ instance: { id } })) } as unknown as Call),
    });
    await clock.advance(300);
    await loop;
    expect(recorder.receipt().perInstance).toMatchObject({
      a: { calls: 1, ok: 1, attempts: 1 },
      b: { calls: 1, dropped: 1, attempts: 2 },
      "(none)": { calls: 1, dropped: 1, attempts: 1 },
    });
  });
});
