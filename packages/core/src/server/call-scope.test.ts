import { describe, expect, it } from "vitest";
import type { Handler } from "../call/call.js";
import { currentCall } from "../call/current.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { method } from "../fixtures/contracts.js";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { messagesOf, received } from "../fixtures/server-calls.js";
import { callScope } from "./call-scope.js";

const never: Handler = () => new Promise(() => {});

describe("the scope of a served call", () => {
  it("cancels it at its deadline", async () => {
    const clock = new FakeClock();
    const call = received(method(), { deadline: clock.now() + 50 });
    void callScope(clock, () => undefined)(never)(call);
    await clock.advance(49);
    expect(call.cancelReason).toBeUndefined();
    await clock.advance(1);
    expect(call.cancelReason).toMatchObject({ code: Code.DeadlineExceeded, path: "test.v1.Echo/Say" });
  });

  it("does not call a handler whose deadline has passed", async () => {
    const clock = new FakeClock();
    for (const deadline of [0, -1, clock.now()]) {
      await expect(
        callScope(clock, () => undefined)(never)(received(method(), { deadline })),
      ).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    }
    expect(clock.pending).toBe(0);
  });

  it("shortens the deadline by the method's own timeout, never lengthens it", async () => {
    const clock = new FakeClock();
    const seen: number[] = [];
    const next: Handler = async (call) => {
      seen.push(call.deadline - clock.now());
      return answer();
    };
    for (const [own, caller] of [
      [50, 200],
      [200, 50],
      [50, Infinity],
      [undefined, 50],
    ] as const) {
      await callScope(clock, () => own)(next)(received(method(), { deadline: clock.now() + caller }));
    }
    expect(seen).toEqual([50, 50, 50, 50]);
  });

  it("leaves no timer behind: answered, failed or cancelled", async () => {
    const clock = new FakeClock();
    const call = (): ReturnType<typeof received> => received(method(), { deadline: clock.now() + 50 });
    const scope = callScope(clock, () => undefined);
    await scope(async () => answer())(call());
    await expect(scope(() => Promise.reject(new Error("failed")))(call())).rejects.toThrow("failed");
    const cancelled = call();
    void scope(never)(cancelled);
    cancelled.cancel(new RpcError(Code.Cancelled, "enough"));
    await settle();
    expect(clock.pending).toBe(0);
  });

  it("makes the call the current one for its handler, for each step of a stream, and for nobody else", async () => {
    const clock = new FakeClock();
    const scope = callScope(clock, () => 50);
    const seen: (number | undefined)[] = [];
    await scope(async () => {
      await settle();
      seen.push(currentCall()?.deadline);
      return answer();
    })(received());
    const reply = await scope(async () =>
      streamAnswer(
        (async function* () {
          seen.push(currentCall()?.deadline);
          yield {};
          await settle();
          seen.push(currentCall()?.deadline);
        })(),
      ),
    )(received(method("server_streaming")));
    await messagesOf(reply);
    expect(seen).toEqual(Array(3).fill(clock.now() + 50));
    expect(currentCall()).toBeUndefined();
  });
});
