import { describe, expect, it } from "vitest";
import { settle } from "@rollcall/testing/clock";
import type { Call, Reply } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, method } from "../fixtures/contracts.js";
import { answer } from "../fixtures/fake-transport.js";
import { StreamCalls } from "./stream-calls.js";

function setup(maxStreams: number | undefined) {
  const begun: (PromiseWithResolvers<Reply> & { readonly call: Call })[] = [];
  const counts = { idle: 0 };
  const calls = new StreamCalls({
    begin(call) {
      const reply = Promise.withResolvers<Reply>();
      begun.push({ ...reply, call });
      return reply.promise;
    },
    maxStreams: () => maxStreams,
    idle: () => counts.idle++,
  });
  const call = (each = callOn()): { readonly call: Call; readonly reply: Promise<Reply> } => {
    const reply = calls.call(each);
    reply.catch(() => {});
    return { call: each, reply };
  };
  return { begun, counts, calls, call };
}

describe("the calls of a connection that have streams", () => {
  it("are under way all at once where there is no limit", () => {
    const { begun, calls, call } = setup(undefined);
    for (let n = 0; n < 5_000; n++) call();
    expect(begun).toHaveLength(5_000);
    expect(calls.size).toBe(5_000);
  });

  it.each([
    [10, 5],
    [11, 5],
    [1, 1],
    [0, 1],
  ])(
    "with a limit of %i streams are %i unary ones at most, and the others follow in their order",
    async (limit, most) => {
      const { begun, calls, call } = setup(limit);
      const made = Array.from({ length: 20 }, () => call());
      expect(calls.size).toBe(20);
      for (let n = 0; n < 20; n++) {
        expect(begun).toHaveLength(Math.min(20, most + n));
        expect(begun[n]!.call).toBe(made[n]!.call);
        const reply = answer({ n });
        begun[n]!.resolve(reply);
        expect(await made[n]!.reply).toBe(reply);
        await settle();
      }
      expect(calls.size).toBe(0);
    },
  );

  it("make room when they fail, and not before their reply has ended", async () => {
    const { begun, call } = setup(2);
    const [failed, slow, last] = [call(), call(), call()];
    begun[0]!.reject(new RpcError(Code.Internal, "no"));
    await expect(failed.reply).rejects.toMatchObject({ code: Code.Internal });
    await settle();
    expect(begun).toHaveLength(2);
    const end = Promise.withResolvers<Awaited<Reply["end"]>>();
    begun[1]!.resolve({ ...answer(), end: end.promise });
    await slow.reply;
    await settle();
    expect(begun).toHaveLength(2);
    end.resolve(await answer().end);
    await settle();
    expect(begun[2]!.call).toBe(last.call);
  });

  it("that are streams never wait, nor make unary ones wait", () => {
    const { begun, call } = setup(4);
    for (let n = 0; n < 10; n++) call(callOn(method("server_streaming")));
    expect(begun).toHaveLength(10);
    for (let n = 0; n < 3; n++) call();
    expect(begun).toHaveLength(12);
  });

  it("leave their place when they are cancelled while they wait, and are never sent", async () => {
    const { begun, calls, call } = setup(2);
    const [first, second, third] = [call(), call(), call()];
    const reason = new RpcError(Code.DeadlineExceeded, "no answer within 5 ms");
    second.call.cancel(reason);
    await expect(second.reply).rejects.toBe(reason);
    expect(calls.size).toBe(2);
    begun[0]!.resolve(answer());
    await first.reply;
    await settle();
    expect(begun.map((each) => each.call)).toEqual([first.call, third.call]);
  });

  it("are refused while they wait, each for its reason, and those under way go on", async () => {
    const { begun, calls, call, counts } = setup(2);
    const made = [call(), call(), call()];
    const reasons = new Map(made.map((each, n) => [each.call, new RpcError(Code.Unavailable, `${n}`)]));
    calls.refuse((each) => reasons.get(each)!);
    for (const { call, reply } of made.slice(1)) await expect(reply).rejects.toBe(reasons.get(call));
    expect(calls.size).toBe(1);
    expect(counts.idle).toBe(0);
    begun[0]!.resolve(answer());
    expect(await made[0]!.reply).toMatchObject({ response: {} });
    await settle();
    expect(counts.idle).toBe(1);
    // Cancelled afterwards, as by a deadline: nothing is left of it.
    made[1]!.call.cancel(new RpcError(Code.Cancelled, "too late"));
    expect(begun).toHaveLength(1);
  });
});
