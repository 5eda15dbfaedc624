import { Code, RpcError } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { echoCall } from "../echo.js";
import { all, rejects, Scene, streamOf, type TransportUnderTest } from "../scene.js";

export function flow(create: () => TransportUnderTest): void {
  const text = "x".repeat(64 << 10);

  /** Until a number has stopped growing. */
  const steady = async (scene: Scene, read: () => number): Promise<void> => {
    let before = -1;
    let stood = 0;
    await scene.under.eventually(() => {
      stood = read() === before ? stood + 1 : 0;
      before = read();
      return stood >= 5;
    });
  };

  describe("flow control", () => {
    it("lets a server's handler run before its first message is read, and holds it when its reader is slow", async () => {
      await using scene = new Scene(create());
      let produced = 0;
      const { connection } = await scene.pair({
        serverStream: async function* () {
          for (;;) {
            produced++;
            yield { text };
          }
        },
      });
      const reader = streamOf(await connection.call(echoCall("serverStream")))[Symbol.asyncIterator]();
      await scene.under.eventually(() => produced > 0);
      for (let n = 0; n < 3; n++) await reader.next();
      await steady(scene, () => produced);
      expect(produced).toBeGreaterThanOrEqual(3);
      expect(produced).toBeLessThan(200);
      await reader.return?.();
    });

    it("holds a caller's request stream when the handler is slow", async () => {
      await using scene = new Scene(create());
      let produced = 0;
      const { connection } = await scene.pair({
        clientStream: async (requests, ctx) => {
          for await (const _ of requests) await new Promise((_, reject) => ctx.onCancel(reject));
        },
      });
      const requests = (async function* () {
        for (;;) {
          produced++;
          yield { text };
        }
      })();
      const call = echoCall("clientStream", requests);
      const reply = connection.call(call);
      reply.catch(() => {});
      await scene.under.eventually(() => produced > 1);
      await steady(scene, () => produced);
      expect(produced).toBeLessThan(200);
      call.cancel(new RpcError(Code.Cancelled, "enough"));
      await rejects(reply, { reason: "enough" });
    });

    it("carries many messages in order, both ways at once", async () => {
      await using scene = new Scene(create());
      const { connection } = await scene.pair({
        bidi: async function* (requests) {
          for await (const each of requests) yield each;
        },
      });
      const messages = Array.from({ length: 300 }, (_, n) => ({ n, text: text.slice(0, n * 40) }));
      const reply = await connection.call(
        echoCall(
          "bidi",
          (async function* () {
            yield* messages;
          })(),
        ),
      );
      expect(await all(reply)).toEqual(messages);
    });

    it("lets a handler stop reading and still answer, and the caller's stream ends", async () => {
      await using scene = new Scene(create());
      let left = false;
      const { connection, server } = await scene.pair({
        clientStream: async (requests) => {
          let count = 0;
          for await (const _ of requests) if (++count === 3) break;
          return { count };
        },
      });
      const requests = (async function* () {
        try {
          for (;;) yield { text };
        } finally {
          left = true;
        }
      })();
      expect(await connection.call(echoCall("clientStream", requests))).toMatchObject({
        response: { count: 3 },
      });
      await scene.under.eventually(() => left && server.gate.inflight === 0);
    });
  });
}
