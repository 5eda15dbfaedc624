import {
  Code,
  createLinkService,
  linkedTransport,
  RpcError,
  type Connection,
  type Interceptor,
  type LinkService,
  type RpcServer,
} from "@rollcall/core";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { echoCall, instanceAt, type EchoHandlers } from "../echo.js";
import { never, rejects, Scene, type TransportUnderTest } from "../scene.js";

const identity = { instance: "a", incarnation: "1-a", app: "echo", services: [instanceAt("").service] };

interface Linked {
  readonly server: RpcServer;
  readonly links: LinkService;
  /** Whatever its state, to the instance of that id. */
  dial(id: string): Connection;
}

async function serveLinked(
  scene: Scene,
  handlers: EchoHandlers,
  interceptors: readonly Interceptor[] = [],
): Promise<Linked> {
  const links = createLinkService();
  links.identify(identity);
  const server = await scene.serve(handlers, interceptors, undefined, [links.bound]);
  const { clock, transport } = scene.under;
  const logger = pino({ level: "silent" });
  let callers = 0;
  const dial = (id: string): Connection => {
    const env = { clock, random: () => 0.5, logger, caller: `c${++callers}` };
    return scene.dial(server.listener.port, linkedTransport(transport, env), { id, features: ["link"] });
  };
  return { server, links, dial };
}

export function link(create: () => TransportUnderTest): void {
  describe("a listener", () => {
    it("knows who is connected, as their calls name them", async () => {
      await using scene = new Scene(create());
      const peers: string[] = [];
      const server = await scene.serve({
        unary: async (_, ctx) => {
          peers.push(ctx.peer.address);
          return {};
        },
      });
      expect(server.listener.peers()).toEqual([]);
      const connections = [await scene.connect(server), await scene.connect(server)];
      for (const each of connections) await each.call(echoCall("unary"));
      expect(new Set(peers).size).toBe(2);
      expect(server.listener.peers().toSorted()).toEqual(peers.toSorted());
      await connections[0]?.close(0);
      await scene.under.eventually(() => server.listener.peers().length === 1);
      expect(server.listener.peers()).toEqual(peers.slice(1));
    });
  });

  describe("a link", () => {
    it("lets calls through to the instance meant alone", async () => {
      await using scene = new Scene(create());
      const { dial } = await serveLinked(scene, { unary: async () => ({ ok: true }) });
      const meant = dial("a");
      const stale = dial("b");
      await scene.under.eventually(() => meant.state === "ready" && stale.state === "failed");
      expect(await meant.call(echoCall("unary"))).toMatchObject({ response: { ok: true } });
      await rejects(stale.call(echoCall("unary")), { code: Code.Unavailable, processed: "no" });
    });

    it("is not taken up with a server that has none", async () => {
      await using scene = new Scene(create());
      const plain = await scene.serve({ unary: async () => ({ wrong: true }) });
      const { clock, transport } = scene.under;
      const logger = pino({ level: "silent" });
      const linked = linkedTransport(transport, { clock, random: () => 0.5, logger, caller: "c1" });
      const connection = scene.dial(plain.listener.port, linked, { id: "a", features: ["link"] });
      await scene.under.eventually(() => connection.state === "failed");
      await rejects(connection.call(echoCall("unary")), { code: Code.Unavailable, processed: "no" });
    });

    it("tells of a drain before the server closes; calls in flight end, links hold nothing up", async () => {
      await using scene = new Scene(create());
      const release = Promise.withResolvers<object>();
      const seen: string[] = [];
      const watch: Interceptor = (next) => (call) => {
        seen.push(call.method.path);
        return next(call);
      };
      const { server, links, dial } = await serveLinked(scene, { unary: () => release.promise }, [watch]);
      const connections = [dial("a"), dial("a")];
      await scene.under.eventually(() => connections.every(({ state }) => state === "ready"));
      expect(links.peers()).toEqual(new Set(server.listener.peers()));
      expect(server.gate.inflight).toBe(0);
      const inflight = connections[0]!.call(echoCall("unary"));
      await scene.under.eventually(() => server.gate.inflight === 1);
      let told: unknown;
      void links.drain(new AbortController().signal).then((result) => (told = result));
      await scene.under.eventually(() => told !== undefined);
      expect(told).toEqual({ acknowledged: 2, missing: [] });
      expect(connections.map(({ state }) => state)).toEqual(["draining", "draining"]);
      server.gate.begin();
      let drained = false;
      const draining = server.listener.drain().then(() => (drained = true));
      release.resolve({ late: true });
      expect(await inflight).toMatchObject({ response: { late: true } });
      await scene.under.eventually(() => drained);
      await draining;
      expect(seen).toEqual(["/test.v1.Echo/unary"]);
    });

    it("answers pings", async () => {
      await using scene = new Scene(create());
      const { dial } = await serveLinked(scene, {});
      const connection = dial("a");
      await scene.under.eventually(() => connection.state === "ready");
      await connection.ping!(new AbortController().signal);
    });

    it("ends with its connection", async () => {
      await using scene = new Scene(create());
      const { server, links, dial } = await serveLinked(scene, {});
      const connection = dial("a");
      await scene.under.eventually(() => connection.state === "ready");
      await connection.close(Infinity);
      await scene.under.eventually(() => links.peers().size + server.listener.peers().length === 0);
    });
  });

  describe("a connection that is asked to abort calls", () => {
    it("ends those without a reply for which there is a reason, for both sides, and no others", async () => {
      await using scene = new Scene(create());
      const cancelled: unknown[] = [];
      const { connection, server } = await scene.pair({
        unary: ({ n }, ctx) => {
          ctx.onCancel(() => cancelled.push(n));
          return never();
        },
        serverStream: async function* () {
          yield {};
          await never();
        },
      });
      const calls = [1, 2].map((n) => echoCall("unary", { n }));
      const replies = calls.map((call) => connection.call(call));
      replies[1]?.catch(() => {});
      const stream = await connection.call(echoCall("serverStream"));
      await scene.under.eventually(() => server.gate.inflight === 3);
      let asked = 0;
      connection.abort!((call) => {
        asked++;
        return call === calls[0] ? new RpcError(Code.Unavailable, "hung") : undefined;
      });
      await rejects(replies[0]!, { code: Code.Unavailable, reason: "hung", processed: "unknown" });
      expect(asked).toBe(2);
      await scene.under.eventually(() => cancelled.length === 1);
      expect(cancelled).toEqual([1]);
      expect(calls[0]?.cancelReason).toBeUndefined();
      expect(stream.responseStream).toBe(true);
    });
  });
}
