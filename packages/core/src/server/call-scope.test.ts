import { describe, expect, it } from "vitest";
import type { Handler, Interceptor } from "../call/call.js";
import { currentCall } from "../call/current.js";
import { Code } from "../code.js";
import type { MethodKind } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import { method } from "../fixtures/contracts.js";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { messagesOf, received } from "../fixtures/server-calls.js";
import { callScope } from "./call-scope.js";

const never: Handler = () => new Promise(() => {});

function scopeOf(clock: FakeClock, own?: number, serverTimeoutMs = 0): Interceptor {
  return callScope({ clock, timeoutOf: () => own, serverTimeoutMs });
}

describe("the scope of a served call", () => {
  it("cancels it at its deadline", async () => {
    const clock = new FakeClock();
    const call = received(method(), { deadline: clock.now() + 50 });
    void scopeOf(clock)(never)(call);
    await clock.advance(49);
    expect(call.cancelReason).toBeUndefined();
    await clock.advance(1);
    expect(call.cancelReason).toMatchObject({ code: Code.DeadlineExceeded, path: "test.v1.Echo/Say" });
  });

  it("does not call a handler whose deadline has passed", async () => {
    const clock = new FakeClock();
    for (const deadline of [0, -1, clock.now()]) {
      await expect(scopeOf(clock)(never)(received(method(), { deadline }))).rejects.toMatchObject({
        code: Code.DeadlineExceeded,
      });
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
      await scopeOf(clock, own)(next)(received(method(), { deadline: clock.now() + caller }));
    }
    expect(seen).toEqual([50, 50, 50, 50]);
  });

  it("gives calls without a deadline the server's, unless a stream answers or the method has its own", async () => {
    const clock = new FakeClock();
    const left = async (kind: MethodKind, own?: number, caller = Infinity): Promise<number> => {
      let ms = 0;
      const call = received(method(kind), { deadline: clock.now() + caller });
      await scopeOf(
        clock,
        own,
        60,
      )(async ({ deadline }) => {
        ms = deadline - clock.now();
        return answer();
      })(call);
      return ms;
    };
    expect(await left("unary")).toBe(60);
    expect(await left("client_streaming")).toBe(60);
    expect(await left("server_streaming")).toBe(Infinity);
    expect(await left("bidi_streaming")).toBe(Infinity);
    expect(await left("unary", 90)).toBe(90);
    expect(await left("unary", undefined, 90)).toBe(90);
    expect(await left("unary", undefined, 30)).toBe(30);
  });

  it("ends a handler that never resolves at the server's deadline", async () => {
    const clock = new FakeClock();
    const call = received();
    void scopeOf(clock, undefined, 60_000)(never)(call);
    await clock.advance(59_999);
    expect(call.cancelReason).toBeUndefined();
    await clock.advance(1);
    expect(call.cancelReason).toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("leaves no timer behind: answered, failed or cancelled", async () => {
    const clock = new FakeClock();
    const call = (): ReturnType<typeof received> => received(method(), { deadline: clock.now() + 50 });
    const scope = scopeOf(clock);
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
    const scope = scopeOf(clock, 50);
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
