import { describe, expect, it } from "vitest";
import type { Handler } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, method } from "../fixtures/contracts.js";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { deadline } from "./deadline.js";

const never: Handler = () => new Promise(() => {});

/** As the transport does: ends when its call is cancelled. */
const heeding: Handler = (call) => new Promise((_, reject) => call.onCancel(reject));

describe("the deadline of a client's call", () => {
  it("ends the call, and says how long it had", async () => {
    const clock = new FakeClock();
    const call = callOn(method(), { deadline: clock.now() + 200 });
    const reply = deadline(clock)(heeding)(call);
    reply.catch(() => {});
    await clock.advance(199);
    expect(call.cancelReason).toBeUndefined();
    await clock.advance(1);
    await expect(reply).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
      message: "test.v1.Echo/Say [deadline_exceeded]: no answer within 200 ms",
      processed: "unknown",
    });
  });

  it("does not send a call whose deadline has passed", async () => {
    const clock = new FakeClock();
    for (const late of [0, -1, -Infinity]) {
      const call = callOn(method(), { deadline: clock.now() + late });
      await expect(deadline(clock)(never)(call)).rejects.toMatchObject({
        code: Code.DeadlineExceeded,
        processed: "no",
      });
    }
    expect(clock.pending).toBe(0);
  });

  it("does not send a call that was cancelled before", async () => {
    const reason = new RpcError(Code.Cancelled, "early");
    const call = callOn();
    call.cancel(reason);
    let sent = false;
    const next: Handler = async () => {
      sent = true;
      return answer();
    };
    await expect(deadline(new FakeClock())(next)(call)).rejects.toBe(reason);
    expect(sent).toBe(false);
  });

  it("is what ended a call whose server was the first to notice, and could only cut it", async () => {
    const clock = new FakeClock();
    const cut = new RpcError(Code.Unavailable, "connection broken", {
      origin: "remote",
      processed: "unknown",
    });
    const outcome = async (lateMs: number, error: RpcError): Promise<unknown> => {
      let now = clock.now();
      const own = { now: () => now, timer: () => () => {} } as unknown as FakeClock;
      const call = callOn(method(), { deadline: now + 200 });
      return deadline(own)(async () => {
        now += 200 + lateMs;
        throw error;
      })(call).catch((thrown: unknown) => thrown);
    };
    expect(await outcome(0, cut)).toMatchObject({ code: Code.DeadlineExceeded, cause: cut });
    expect(await outcome(-1, cut)).toBe(cut);
    const unsent = new RpcError(Code.Unavailable, "no endpoint", { processed: "no" });
    expect(await outcome(0, unsent)).toBe(unsent);
    const answered = new RpcError(Code.Unavailable, "busy", { origin: "remote" });
    expect(await outcome(0, answered)).toBe(answered);
  });

  it("leaves no timer behind once the call has ended, well or not", async () => {
    const clock = new FakeClock();
    const call = (): ReturnType<typeof callOn> => callOn(method(), { deadline: clock.now() + 5 });
    await deadline(clock)(async () => answer())(call());
    await settle();
    await expect(deadline(clock)(() => Promise.reject(new Error("failed")))(call())).rejects.toThrow(
      "failed",
    );
    await expect(
      deadline(clock)(() => {
        throw new Error("synchronously");
      })(call()),
    ).rejects.toThrow("synchronously");
    expect(clock.pending).toBe(0);
  });

  it("holds for as long as a stream lasts", async () => {
    const clock = new FakeClock();
    const call = callOn(method("server_streaming"), { deadline: clock.now() + 5 });
    const reply = await deadline(clock)(async (each) => streamAnswer((async function* () {})(), each))(call);
    await settle();
    expect(clock.pending).toBe(1);
    await clock.advance(5);
    expect(call.cancelReason?.code).toBe(Code.DeadlineExceeded);
    expect((await reply.end).code).toBe(Code.DeadlineExceeded);
  });
});
