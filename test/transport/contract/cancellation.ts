import { Code, RpcError } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { echoCall } from "../echo.js";
import { never, rejects, Scene, sent, streamOf, type TransportUnderTest } from "../scene.js";

export function cancellation(create: () => TransportUnderTest): void {
  describe("cancellation", () => {
    it("ends a call with its reason, and reaches a handler that waits and one that reads", async () => {
      await using scene = new Scene(create());
      const reasons: string[] = [];
      const { connection, server } = await scene.pair({
        unary: (_, ctx) =>
          new Promise((_, reject) =>
            ctx.onCancel((reason) => {
              reasons.push(`unary ${reason.code}`);
              reject(reason);
            }),
          ),
        clientStream: async (requests) => {
          try {
            for await (const _ of requests);
          } catch (error) {
            reasons.push(`clientStream ${(error as RpcError).code}`);
            throw error;
          }
        },
      });
      const open = sent({});
      const requests = (async function* () {
        yield* open;
        await never();
      })();
      const calls = [echoCall("unary"), echoCall("clientStream", requests)];
      const replies = calls.map((call) => connection.call(call));
      for (const reply of replies) reply.catch(() => {});
      await scene.under.eventually(() => server.gate.inflight === 2);
      for (const call of calls) call.cancel(new RpcError(Code.Cancelled, "enough"));
      for (const reply of replies)
        await rejects(reply, { code: Code.Cancelled, reason: "enough", origin: "local" });
      await scene.under.eventually(() => reasons.length === 2);
      expect(reasons.toSorted()).toEqual([`clientStream ${Code.Cancelled}`, `unary ${Code.Cancelled}`]);
      expect(server.gate.inflight).toBe(0);
    });

    it("by leaving a stream ends its handler, before the first message too", async () => {
      await using scene = new Scene(create());
      let ended = 0;
      const { connection, server } = await scene.pair({
        serverStream: async function* ({ first }, ctx) {
          try {
            if (first) yield {};
            await new Promise((_, reject) => ctx.onCancel(reject));
          } finally {
            ended++;
          }
        },
      });
      for await (const _ of streamOf(await connection.call(echoCall("serverStream", { first: true })))) break;
      const reply = await connection.call(echoCall("serverStream"));
      await streamOf(reply)[Symbol.asyncIterator]().return?.();
      expect((await reply.end).code).toBe(Code.Cancelled);
      await scene.under.eventually(() => ended === 2);
      expect(server.gate.inflight).toBe(0);
    });

    it("never shows a handler the beginning of a request stream as the whole", async () => {
      await using scene = new Scene(create());
      const seen = { whole: 0, cut: 0 };
      const { connection } = await scene.pair({
        clientStream: async (requests) => {
          let last = -1;
          for await (const { n } of requests) last = n;
          if (last === 4) seen.whole++;
          else seen.cut++;
          return {};
        },
      });
      const upload = async (cancels: boolean): Promise<void> => {
        const requests = async function* (): AsyncGenerator<object> {
          for (let n = 0; n < 5; n++) {
            yield { n };
            if (n === 3 && cancels) call.cancel(new RpcError(Code.Cancelled, "enough"));
          }
        };
        const call = echoCall("clientStream", requests());
        await connection.call(call).catch(() => {});
      };
      for (let round = 0; round < 5; round++)
        await Promise.all(Array.from({ length: 50 }, (_, n) => upload(n % 2 === 0)));
      await scene.under.eventually(() => seen.whole === 125);
      expect(seen.cut).toBe(0);
    });

    it("by a request stream that throws has the cause, and is told to the server", async () => {
      await using scene = new Scene(create());
      const { connection, server } = await scene.pair({
        clientStream: async (requests) => {
          for await (const _ of requests);
          return {};
        },
      });
      const failure = new Error("disk");
      const requests = (async function* () {
        yield {};
        throw failure;
      })();
      await rejects(connection.call(echoCall("clientStream", requests)), {
        code: Code.Cancelled,
        cause: failure,
      });
      await scene.under.eventually(() => server.gate.inflight === 0);
    });

    it("before the call is sent leaves the request stream alone", async () => {
      await using scene = new Scene(create());
      const { connection } = await scene.pair({});
      let begun = false;
      const requests = (async function* () {
        begun = true;
        yield {};
      })();
      const call = echoCall("clientStream", requests);
      call.cancel(new RpcError(Code.Cancelled, "early"));
      await rejects(connection.call(call), { reason: "early" });
      expect(begun).toBe(false);
    });

    it("is not what a handler sees of a call that was answered", async () => {
      await using scene = new Scene(create());
      const signals: AbortSignal[] = [];
      const { connection, server } = await scene.pair({
        unary: async (_, ctx) => {
          signals.push(ctx.signal);
          return {};
        },
        serverStream: async function* (_, ctx) {
          signals.push(ctx.signal);
          yield {};
        },
      });
      await connection.call(echoCall("unary"));
      for await (const _ of streamOf(await connection.call(echoCall("serverStream"))));
      await connection.call(echoCall("unary"));
      await scene.under.eventually(() => server.gate.inflight === 0);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false]);
    });
  });

  describe("deadlines", () => {
    it("reach the handler, and end the call on both sides", async () => {
      await using scene = new Scene(create());
      const { clock } = scene.under;
      const ended: Code[] = [];
      let leftMs = 0;
      const { connection, server } = await scene.pair({
        unary: (_, ctx) => {
          leftMs = ctx.deadline - clock.now();
          return new Promise((_, reject) =>
            ctx.onCancel((reason) => {
              ended.push(reason.code);
              reject(reason);
            }),
          );
        },
      });
      const reply = connection.call(echoCall("unary", {}, { deadline: clock.now() + 200 }));
      reply.catch(() => {});
      await scene.under.eventually(() => server.gate.inflight === 1);
      expect(leftMs).toBeGreaterThan(0);
      expect(leftMs).toBeLessThanOrEqual(201);
      await scene.under.pass(300);
      await rejects(reply, { code: Code.DeadlineExceeded });
      await scene.under.eventually(() => ended.length === 1);
      // The caller gives up at its deadline, and on a slow way that can arrive before the server's own timer fires.
      expect([Code.DeadlineExceeded, Code.Cancelled]).toContain(ended[0]);
      expect(server.gate.inflight).toBe(0);
    });

    it("may be far or missing; passed ones end the call, and NaN is refused", async () => {
      await using scene = new Scene(create());
      const now = scene.under.clock.now();
      const { connection } = await scene.pair({ unary: async () => ({ ok: true }) });
      for (const deadline of [Infinity, now + 1e12, now + 2 ** 31])
        expect(await connection.call(echoCall("unary", {}, { deadline }))).toMatchObject({
          response: { ok: true },
        });
      for (const deadline of [0, -1, -Infinity, now - 1])
        await rejects(connection.call(echoCall("unary", {}, { deadline })), { code: Code.DeadlineExceeded });
      await rejects(connection.call(echoCall("unary", {}, { deadline: Number.NaN })), {
        code: Code.InvalidArgument,
        processed: "no",
      });
    });
  });
}
