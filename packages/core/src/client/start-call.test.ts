import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it, vi } from "vitest";
import { runInCall } from "../call/current.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, method } from "../fixtures/contracts.js";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { startCall, type StartedCall } from "./start-call.js";

const clock = new FakeClock();
const env = { clock, timeoutMs: 10_000 };

describe("starting a call", () => {
  it("takes the client's timeout, or the call's own", () => {
    expect(startCall(method(), {}, {}, env).call.deadline).toBe(clock.now() + 10_000);
    expect(startCall(method(), {}, { timeoutMs: 5 }, env).call.deadline).toBe(clock.now() + 5);
    expect(startCall(method(), {}, { timeoutMs: Infinity }, env).call.deadline).toBe(Infinity);
  });

  it("gives streaming answers no deadline unless the call says one", () => {
    const watch = method("server_streaming");
    expect(startCall(watch, {}, {}, env).call.deadline).toBe(Infinity);
    expect(startCall(watch, {}, { timeoutMs: 5 }, env).call.deadline).toBe(clock.now() + 5);
  });

  it("inherits whom the call being handled is for, unless it says so itself", () => {
    const metadata = new Metadata();
    metadata.set("rollcall-key", "user-1");
    metadata.set("rollcall-lane", "red");
    metadata.set("authorization", "secret");
    const own = new Metadata();
    own.set("rollcall-lane", "blue");
    const parent = callOn(method(), { metadata });
    const { call } = runInCall(parent, () => startCall(method(), {}, { metadata: own }, env));
    expect(call.metadata.getMap()).toEqual({ "rollcall-key": "user-1", "rollcall-lane": "blue" });
    expect(own.get("rollcall-key")).toEqual([]);
    expect(startCall(method(), {}, {}, env).call.metadata.getMap()).toEqual({});
  });

  it("inherits the earlier deadline, and cancellation, from the call being handled", () => {
    const parent = callOn(method(), { deadline: clock.now() + 100 });
    const start = (timeoutMs: number): StartedCall =>
      runInCall(parent, () => startCall(method(), {}, { timeoutMs }, env));
    expect(start(5).call.deadline).toBe(clock.now() + 5);
    const { call } = start(500);
    expect(call.deadline).toBe(parent.deadline);
    const released = start(500);
    released.release();
    parent.cancel(new RpcError(Code.Cancelled, "gone"));
    expect(call.cancelReason).toMatchObject({
      code: Code.Cancelled,
      message: "test.v1.Echo/Say [cancelled]: the call that made it ended: gone",
    });
    expect(released.call.cancelReason).toBeUndefined();
  });

  it("is cancelled by the caller's signal, aborted before or later, until it is released", () => {
    const before = startCall(method(), {}, { signal: AbortSignal.abort(new Error("why")) }, env);
    expect(before.call.cancelReason).toMatchObject({ code: Code.Cancelled, cause: new Error("why") });
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, "removeEventListener");
    const later = startCall(method(), {}, { signal: controller.signal }, env);
    const released = startCall(method(), {}, { signal: controller.signal }, env);
    released.release();
    expect(removed).toHaveBeenCalledTimes(1);
    controller.abort();
    expect(later.call.cancelReason?.code).toBe(Code.Cancelled);
    expect(released.call.cancelReason).toBeUndefined();
  });

  it("copies the metadata: one object may serve many calls", () => {
    const metadata = new Metadata();
    metadata.set("a", "1");
    const { call } = startCall(method(), {}, { metadata }, env);
    call.metadata.set("a", "2");
    expect(metadata.get("a")).toEqual(["1"]);
  });

  it("refuses what the compiler would have refused, before anything is sent", () => {
    const streaming = method("client_streaming");
    for (const [each, request, options, reason] of [
      [method(), {}, { timeoutMs: Number.NaN }, "timeoutMs is NaN"],
      [method(), {}, { timeoutMs: "5" }, "timeoutMs is a string"],
      [method(), null, {}, "the request is null"],
      [method(), undefined, {}, "the request is undefined"],
      [method(), "text", {}, "the request is string"],
      [streaming, {}, {}, "the request is not an AsyncIterable"],
      [streaming, [1], {}, "the request is not an AsyncIterable"],
      [method(), {}, { metadata: { a: "1" } }, "the metadata is not a Metadata"],
    ] as const) {
      expect(() => startCall(each, request as object, options as object, env)).toThrow(
        expect.objectContaining({ code: Code.InvalidArgument, reason, processed: "no" }),
      );
    }
  });

  it("ends the caller's request stream with the call, once it has been begun", async () => {
    const returned = vi.fn<() => Promise<IteratorResult<object>>>(async () => ({
      done: true,
      value: undefined,
    }));
    const begun = vi.fn<() => void>();
    const source = {
      [Symbol.asyncIterator]: () => {
        begun();
        return { next: () => new Promise<IteratorResult<object>>(() => {}), return: returned };
      },
    };
    const untouched = startCall(method("client_streaming"), source, {}, env);
    untouched.release();
    expect(begun).not.toHaveBeenCalled();
    const { call, release } = startCall(method("client_streaming"), source, {}, env);
    void (call.request as AsyncIterable<object>)[Symbol.asyncIterator]().next();
    release();
    release();
    await settle();
    expect(returned).toHaveBeenCalledTimes(1);
  });

  it("does not mind a request stream that fails to end", async () => {
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<object>>(() => {}),
        return: (): never => {
          throw new Error("return");
        },
      }),
    };
    const { call, release } = startCall(method("client_streaming"), source, {}, env);
    void (call.request as AsyncIterable<object>)[Symbol.asyncIterator]().next();
    release();
    await settle();
  });
});
