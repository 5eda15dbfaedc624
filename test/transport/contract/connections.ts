import { Code, RpcError, type ConnectionState } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { echoCall } from "../echo.js";
import { never, rejects, Scene, streamOf, type TransportUnderTest } from "../scene.js";

export function connections(create: () => TransportUnderTest): void {
  const refusedOrRuns = { code: Code.Unavailable, processed: "no", origin: "local" };

  describe("a connection", () => {
    it("tells its listeners of each change until they are removed, and takes no call once closed", async () => {
      await using scene = new Scene(create());
      const server = await scene.serve({ unary: async () => ({}) });
      const connection = scene.dial(server.listener.port);
      expect(connection.state).toBe("connecting");
      const seen: ConnectionState[] = [];
      const removed: ConnectionState[] = [];
      connection.onChange((state) => seen.push(state));
      connection.onChange((state) => removed.push(state))();
      await scene.under.eventually(() => connection.state === "ready");
      await connection.close(0);
      expect(seen).toEqual(["ready", "closed"]);
      expect(removed).toEqual([]);
      await rejects(connection.call(echoCall("unary")), { code: Code.Unavailable, processed: "no" });
    });

    it("fails where nothing listens, and is ready soon after something does", async () => {
      await using scene = new Scene(create());
      await using held = await scene.under.holdPort();
      const { port } = held;
      const connection = scene.dial(port);
      await scene.under.eventually(() => connection.state === "failed");
      await rejects(connection.call(echoCall("unary")), refusedOrRuns);
      await scene.serve({ unary: async () => ({ ok: true }) }, [], port);
      await scene.under.pass(1_500);
      await scene.under.eventually(() => connection.state === "ready");
      expect(await connection.call(echoCall("unary"))).toMatchObject({ response: { ok: true } });
    });

    it("is ready again when its server comes back at the same address", async () => {
      await using scene = new Scene(create());
      await using held = await scene.under.holdPort();
      const { port } = held;
      const server = await scene.serve({ unary: async () => ({ run: 1 }) }, [], port);
      const connection = await scene.connect(server);
      await server.listener.close();
      await scene.under.eventually(() => connection.state !== "ready");
      await scene.serve({ unary: async () => ({ run: 2 }) }, [], port);
      await scene.under.pass(1_500);
      await scene.under.eventually(() => connection.state === "ready");
      expect(await connection.call(echoCall("unary"))).toMatchObject({ response: { run: 2 } });
    });

    it("lets calls in flight end when it is closed, and ends them when their grace is over", async () => {
      await using scene = new Scene(create());
      const release = Promise.withResolvers<object>();
      const { connection, server } = await scene.pair({
        unary: ({ waits }) => (waits ? release.promise : never()),
        serverStream: async function* () {
          yield {};
          await never();
        },
      });
      const ends = connection.call(echoCall("unary", { waits: true }));
      const hangs = connection.call(echoCall("unary"));
      hangs.catch(() => {});
      const stream = await connection.call(echoCall("serverStream"));
      await scene.under.eventually(() => server.gate.inflight === 3);
      const slow = connection.close(60_000);
      expect(connection.state).toBe("closed");
      release.resolve({ late: true });
      expect(await ends).toMatchObject({ response: { late: true } });
      // A second close shortens the grace of the first.
      await connection.close(0);
      await slow;
      await rejects(hangs, { code: Code.Unavailable, processed: "unknown" });
      expect((await stream.end).code).toBe(Code.Unavailable);
      await scene.under.eventually(() => server.gate.inflight === 0);
    });
  });

  describe("a server", () => {
    it("that drains lets calls in flight end, takes no new ones, and is done with the last", async () => {
      await using scene = new Scene(create());
      const release = Promise.withResolvers<object>();
      const { connection, server } = await scene.pair({ unary: () => release.promise });
      const inflight = connection.call(echoCall("unary"));
      await scene.under.eventually(() => server.gate.inflight === 1);
      let drained = false;
      const draining = server.listener.drain().then(() => (drained = true));
      await scene.under.eventually(() => connection.state !== "ready");
      await rejects(connection.call(echoCall("unary")), refusedOrRuns);
      expect(drained).toBe(false);
      release.resolve({ late: true });
      expect(await inflight).toMatchObject({ response: { late: true } });
      await draining;
    });

    it("that drains either runs a call that is on its way or refuses it unprocessed", async () => {
      await using scene = new Scene(create());
      const release = Promise.withResolvers<object>();
      let ran = 0;
      const { connection, server } = await scene.pair({
        unary: () => {
          ran++;
          return release.promise;
        },
      });
      const first = connection.call(echoCall("unary"));
      await scene.under.eventually(() => ran === 1);
      const racing = Array.from({ length: 20 }, () => connection.call(echoCall("unary")));
      const outcomes = Promise.all(racing.map((each) => each.catch((error: unknown) => error as RpcError)));
      const draining = server.listener.drain();
      await scene.under.eventually(() => connection.state !== "ready");
      release.resolve({});
      await first;
      const errors = (await outcomes).filter((each) => each instanceof RpcError);
      for (const error of errors) expect(error).toMatchObject(refusedOrRuns);
      expect(ran + errors.length).toBe(21);
      await draining;
    });

    it("that is closed drops its calls, which may have run", async () => {
      await using scene = new Scene(create());
      const cancelled: string[] = [];
      const { connection, server } = await scene.pair({
        unary: (_, ctx) => {
          ctx.onCancel(() => cancelled.push("unary"));
          return never();
        },
        serverStream: async function* (_, ctx) {
          ctx.onCancel(() => cancelled.push("serverStream"));
          yield {};
          await never();
        },
      });
      const unary = connection.call(echoCall("unary"));
      unary.catch(() => {});
      const stream = streamOf(await connection.call(echoCall("serverStream")))[Symbol.asyncIterator]();
      expect(await stream.next()).toEqual({ done: false, value: {} });
      const next = stream.next();
      next.catch(() => {});
      await scene.under.eventually(() => server.gate.inflight === 2);
      await server.listener.close();
      await rejects(unary, { code: Code.Unavailable, processed: "unknown", origin: "local" });
      await rejects(next, { code: Code.Unavailable, processed: "unknown" });
      await scene.under.eventually(() => cancelled.length === 2);
    });

    it("is not believed when a handler answers in the transport's own words", async () => {
      await using scene = new Scene(create());
      const texts = [
        "Stream refused by server",
        "No connection established. Last error: x",
        "Connection dropped",
      ];
      const { connection } = await scene.pair({
        unary: async ({ n }) => {
          throw new RpcError(Code.Unavailable, texts[n]!);
        },
      });
      for (const [n, reason] of texts.entries())
        await rejects(connection.call(echoCall("unary", { n })), {
          code: Code.Unavailable,
          reason,
          processed: "yes",
          origin: "remote",
        });
    });
  });
}
