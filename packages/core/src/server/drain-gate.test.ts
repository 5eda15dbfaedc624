import { describe, expect, it } from "vitest";
import type { Reply } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { method } from "../fixtures/contracts.js";
import { settle } from "@rollcall/testing/clock";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { messagesOf, received } from "../fixtures/server-calls.js";
import { createDrainGate } from "./drain-gate.js";

describe("the drain gate", () => {
  it("counts a call until its reply has ended, or it failed", async () => {
    const gate = createDrainGate();
    const ready = Promise.withResolvers<Reply>();
    const reply = gate.interceptor(() => ready.promise)(received());
    expect(gate.inflight).toBe(1);
    ready.resolve(answer());
    await reply;
    await settle();
    expect(gate.inflight).toBe(0);
    const stream = await gate.interceptor(async () =>
      streamAnswer(
        (async function* () {
          yield {};
        })(),
      ),
    )(received(method("server_streaming")));
    expect(gate.inflight).toBe(1);
    await messagesOf(stream);
    await settle();
    expect(gate.inflight).toBe(0);
    await expect(gate.interceptor(() => Promise.reject(new Error("failed")))(received())).rejects.toThrow();
    await expect(
      gate.interceptor(() => {
        throw new Error("synchronously");
      })(received()),
    ).rejects.toThrow();
    expect(gate.inflight).toBe(0);
  });

  it("does not count a call that was cancelled, though its handler goes on", async () => {
    const gate = createDrainGate();
    const call = received();
    void gate.interceptor(() => new Promise(() => {}))(call);
    call.cancel(new RpcError(Code.Cancelled, "enough"));
    expect(gate.inflight).toBe(0);
  });

  it("tells handlers that it drains, by an error that callers know as that", () => {
    const gate = createDrainGate();
    expect(gate.draining.aborted).toBe(false);
    gate.begin();
    const { reason } = gate.draining as { reason: RpcError };
    expect(reason).toMatchObject({ code: Code.Unavailable, reason: "the server is draining" });
    expect(reason.trailer.get("rollcall-drain")).toEqual(["1"]);
  });

  it("cuts every call in flight, and no other", async () => {
    const gate = createDrainGate();
    const done = received();
    await gate.interceptor(async () => answer())(done);
    await settle();
    const open = [received(), received()];
    for (const call of open) void gate.interceptor(() => new Promise(() => {}))(call);
    gate.cut();
    expect(gate.inflight).toBe(0);
    expect(done.cancelReason).toBeUndefined();
    for (const call of open) {
      expect(call.cancelReason).toMatchObject({ code: Code.Unavailable, reason: "the server has stopped" });
      expect(call.cancelReason?.trailer.get("rollcall-drain")).toEqual(["1"]);
    }
  });
});
