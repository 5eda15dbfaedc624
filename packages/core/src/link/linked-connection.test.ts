import { describe, expect, it } from "vitest";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, instance } from "../fixtures/contracts.js";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { answer, FakeTransport } from "../fixtures/fake-transport.js";
import { ScriptedServer } from "../fixtures/link-server.js";
import type { ConnectionState } from "../ports/endpoint.js";
import { linkPath } from "./link-protocol.js";
import { linkedTransport } from "./linked-transport.js";

const record = instance("a", { features: ["link"] });
const hello = {
  hello: {
    version: 1,
    instance: "a",
    incarnation: "1-a",
    app: "echo",
    services: [record.service],
    features: [],
  },
};

/** A frame as it is decoded. */
function received(frame: object): object {
  const [kind] = Object.keys(frame);
  return { kind, ...frame };
}

function setup(initial: ConnectionState = "ready", of = record) {
  const clock = new FakeClock();
  const transport = new FakeTransport();
  transport.initial = initial;
  const server = new ScriptedServer();
  const ends: PromiseWithResolvers<void>[] = [];
  transport.respond = async (call) => {
    if (call.method.path === linkPath) return server.open(call);
    const end = Promise.withResolvers<void>();
    ends.push(end);
    await end.promise;
    return answer();
  };
  const { logger, lines } = fakeLogger();
  const linked = linkedTransport(transport, { clock, random: () => 0.5, logger, caller: "c1", app: "shop" });
  const connection = linked.connect(of);
  const states: ConnectionState[] = [];
  connection.onChange((state) => states.push(state));
  const say = async (frame: object): Promise<void> => {
    server.link.send(received(frame));
    await settle();
  };
  return { clock, transport, server, connection, states, lines, say, ends, inner: transport.connections[0]! };
}

async function ready(): Promise<ReturnType<typeof setup>> {
  const parts = setup();
  await parts.say(hello);
  return parts;
}

describe("a linked connection", () => {
  it("leaves instances without a link as they are", () => {
    const { transport } = setup();
    const plain = linkedTransport(transport, {} as never).connect(instance("b"));
    expect(plain).toBe(transport.to("b"));
  });

  it("says who it is, and is ready only when the server meant has said so too", async () => {
    const { connection, states, server, say, inner } = setup("connecting");
    expect(server.links).toHaveLength(0);
    inner.become("ready");
    await settle();
    expect(server.received).toEqual([{ hello: { version: 1, caller: "c1", app: "shop" } }]);
    expect(connection.state).toBe("connecting");
    await expect(connection.call(callOn())).rejects.toMatchObject({
      code: Code.Unavailable,
      processed: "no",
      reason: "no connection to a at a:1 (connecting)",
    });
    await say(hello);
    expect(states).toEqual(["ready"]);
  });

  it("is ready once the lane that its server promised is open, and in 2 s in any case", async () => {
    const promised = { hello: { ...hello.hello, features: ["lane"] } };
    const settings = { laneSettings: { version: 1, maxCalls: 9, maxRequestBytes: 999, methods: [] } };
    for (const opens of [true, false]) {
      const { connection, say, clock, states } = setup("ready", { ...record, features: ["link", "lane"] });
      await say(promised);
      expect(connection.state).toBe("connecting");
      await (opens ? say(settings) : clock.advance(2_000));
      expect(states).toEqual(["ready"]);
      await clock.advance(60_000);
      expect(states).toEqual(["ready"]);
    }
  });

  it("is not made ready, nor kept waiting, by a lane that nobody promised", async () => {
    const { connection, say, server, clock, lines } = setup("ready", {
      ...record,
      features: ["link", "lane"],
    });
    await say({ laneSettings: { version: 1, maxCalls: 9, maxRequestBytes: 999, methods: [] } });
    expect(connection.state).toBe("failed");
    expect(lines.map((line) => line["reason"])).toContain("lane: settings before a hello that promised them");
    await clock.advance(100);
    expect(server.received.at(-1)).toEqual({ hello: { version: 1, caller: "c1", app: "shop" } });
    await say(hello);
    expect(connection.state).toBe("ready");
  });

  it("refuses calls that wait for a stream as never sent when it drains, is closed or found hung", async () => {
    const why = {
      draining: ({ say }) => say({ drain: {} }),
      closed: ({ connection }) => void connection.close(0),
      "it has stopped answering": ({ connection }) => connection.abort?.(() => undefined),
    } satisfies Record<string, (parts: ReturnType<typeof setup>) => unknown>;
    for (const [reason, happens] of Object.entries(why)) {
      const parts = await ready();
      parts.inner.maxStreams = 4;
      const calls = [1, 2, 3].map(() => parts.connection.call(callOn()));
      for (const call of calls) call.catch(() => {});
      await settle();
      expect(parts.ends).toHaveLength(2);
      await happens(parts);
      await expect(calls[2]).rejects.toMatchObject({
        code: Code.Unavailable,
        processed: "no",
        reason: `no connection to a at a:1 (${reason})`,
      });
      for (const { resolve } of parts.ends) resolve();
      expect(await Promise.all(calls.slice(0, 2))).toMatchObject([{ response: {} }, { response: {} }]);
    }
  });

  it("moves to another run while nothing is known of the server, and not once it has kept silent or is the old one", async () => {
    const next = { ...record, incarnation: "2-b" };
    const moves = async (meanwhile: (parts: ReturnType<typeof setup>) => Promise<void>): Promise<boolean> => {
      const parts = setup();
      parts.inner.moveTo = (run) => new FakeTransport().connect(run);
      await meanwhile(parts);
      return parts.connection.moveTo?.(next) !== undefined;
    };
    expect(await moves(async () => {})).toBe(true);
    expect(await moves(({ clock }) => clock.advance(2_000))).toBe(false);
    expect(await moves(({ say }) => say(hello))).toBe(false);
    expect(await moves(({ say }) => say({ hello: { ...hello.hello, incarnation: "2-b" } }))).toBe(true);
  });

  it.each([
    ["another instance", { instance: "b" }, "b (1-a) of echo answered"],
    ["another run", { incarnation: "2-b" }, "a (2-b) of echo answered"],
    ["another service", { services: ["test.v1.Other"] }, "it does not serve test.v1.Echo"],
  ])("fails on the hello of %s, says so once, and asks again", async (_, change, reason) => {
    const { connection, states, server, say, lines, clock, inner } = setup();
    for (const ms of [100, 160, 256]) {
      await say({ hello: { ...hello.hello, ...change } });
      expect(connection.state).toBe("failed");
      expect(server.link.call.cancelReason).toBeDefined();
      await clock.advance(ms);
    }
    expect(server.links).toHaveLength(4);
    expect(inner.calls.filter(({ method }) => method.path !== linkPath)).toEqual([]);
    expect(lines.map((line) => line["reason"])).toEqual([reason]);
    await say(hello);
    expect(states).toEqual(["failed", "ready"]);
    await say({ hello: { ...hello.hello, ...change } });
    expect(states).toEqual(["failed", "ready", "failed"]);
  });

  it("fails where there is no link though the record promises one, or no answer in 2 s", async () => {
    const { connection, server, clock, lines, say } = setup();
    server.link.end(new RpcError(Code.Unimplemented, "no such method", { origin: "remote" }));
    await settle();
    expect(connection.state).toBe("failed");
    await clock.advance(100);
    expect(server.links).toHaveLength(2);
    await clock.advance(2_000);
    expect(lines.map((line) => line["reason"])).toEqual([
      "it has no link",
      "it did not say hello within 2000 ms",
    ]);
    expect(server.link.call.cancelReason).toBeDefined();
    await clock.advance(160);
    await say(hello);
    expect(connection.state).toBe("ready");
    await clock.advance(60_000);
    expect(connection.state).toBe("ready");
  });

  it("drains on a drain: its listeners know before it acknowledges, and it takes no new calls", async () => {
    const { connection, states, server, say, ends } = await ready();
    const inflight = connection.call(callOn());
    let acknowledged: number | undefined;
    connection.onChange(() => (acknowledged = server.received.length));
    await say({ drain: {} });
    expect(states).toEqual(["ready", "draining"]);
    expect(acknowledged).toBe(1);
    expect(server.received.slice(1)).toEqual([{ drainAck: {} }]);
    await expect(connection.call(callOn())).rejects.toMatchObject({ processed: "no" });
    ends[0]?.resolve();
    expect(await inflight).toMatchObject({ response: {} });
  });

  it("stays draining when the server ends the link, until the connection is another one", async () => {
    const { connection, server, say, inner, clock } = await ready();
    await say({ drain: {} });
    server.link.end();
    await clock.advance(60_000);
    expect(connection.state).toBe("draining");
    expect(server.links).toHaveLength(1);
    inner.become("failed");
    expect(connection.state).toBe("failed");
    inner.become("ready");
    await settle();
    expect(connection.state).toBe("failed");
    await say(hello);
    expect(connection.state).toBe("ready");
  });

  it("takes a link that its server ended for a drain", async () => {
    const { connection, server } = await ready();
    server.link.end();
    await settle();
    expect(connection.state).toBe("draining");
  });

  it("stays ready while a link that broke is opened again, unless another server answers", async () => {
    const { connection, states, server, say, clock, ends } = await ready();
    const broken = new RpcError(Code.Unavailable, "reset");
    server.link.end(broken);
    await settle();
    const call = connection.call(callOn());
    ends[0]?.resolve();
    await call;
    await clock.advance(100);
    await say(hello);
    server.link.end(broken);
    await clock.advance(100);
    // Silence on the new link alone says nothing of the connection.
    await clock.advance(2_000);
    expect(states).toEqual(["ready"]);
    await clock.advance(160);
    await say({ hello: { ...hello.hello, incarnation: "2-b" } });
    expect(states).toEqual(["ready", "failed"]);
  });

  it("ignores frames of kinds it does not know, and answers pings", async () => {
    const { connection, server, say } = await ready();
    await say({ laneCall: { bytes: "x" } });
    server.link.send({});
    await say({ pong: { id: 99 } });
    await say({ ping: { id: 7 } });
    expect(connection.state).toBe("ready");
    expect(server.received.slice(1)).toEqual([{ pong: { id: 7 } }]);
  });

  it("pings: resolves by the pong of its id, rejects with the signal or when the link ends", async () => {
    const { connection, server, say } = await ready();
    const { signal } = new AbortController();
    const first = connection.ping!(signal);
    const second = connection.ping!(signal);
    let answered = false;
    first.then(
      () => (answered = true),
      () => {},
    );
    await settle();
    expect(server.received.slice(1)).toEqual([{ ping: { id: 1 } }, { ping: { id: 2 } }]);
    await say({ pong: { id: 2 } });
    await second;
    expect(answered).toBe(false);
    const giving = new AbortController();
    const third = connection.ping!(giving.signal);
    giving.abort(new Error("enough"));
    await expect(third).rejects.toThrow("enough");
    server.link.end(new RpcError(Code.Unavailable, "reset"));
    await expect(first).rejects.toThrow("the link has ended");
    await expect(connection.ping!(signal)).rejects.toThrow("no link to a");
  });

  it("keeps its link to the end of its last call, or of its grace, and leaves nothing behind", async () => {
    const { connection, server, ends, clock, inner } = await ready();
    const call = connection.call(callOn());
    const closing = connection.close(Infinity);
    expect(connection.state).toBe("closed");
    expect(inner.closes).toEqual([Infinity]);
    ends[0]?.resolve();
    await call;
    await settle();
    expect(server.link.call.cancelReason).toBeDefined();
    await closing;
    expect(clock.pending).toBe(0);
  });

  it("acknowledges a drain though it is being closed", async () => {
    const { connection, server, say, inner } = await ready();
    inner.close = () => new Promise(() => {});
    const call = connection.call(callOn());
    call.catch(() => {});
    void connection.close(Infinity);
    await say({ drain: {} });
    expect(connection.state).toBe("closed");
    expect(server.received.slice(1)).toEqual([{ drainAck: {} }]);
  });

  it("leaves no timer when it is closed before its hello, while it waits to ask again, or by who is told that it failed", async () => {
    const early = setup();
    await early.connection.close(0);
    expect(early.clock.pending).toBe(0);
    const failed = setup();
    failed.server.link.end();
    await settle();
    expect(failed.clock.pending).toBe(1);
    await failed.connection.close(0);
    expect(failed.clock.pending).toBe(0);
    const told = setup();
    told.connection.onChange(() => void told.connection.close(0));
    await told.say({ hello: { ...hello.hello, instance: "b" } });
    expect(told.states).toEqual(["failed", "closed"]);
    expect(told.clock.pending).toBe(0);
  });

  it("passes on reasons to end calls, but not for its link", async () => {
    const { connection, inner } = await ready();
    const asked: string[] = [];
    const link = inner.calls[0]!;
    inner.abort = (reason) => {
      for (const call of [link, callOn()]) if (reason(call)) asked.push(call.method.path);
    };
    connection.abort!(() => new RpcError(Code.Unavailable, "hung"));
    expect(asked).toEqual(["/test.v1.Echo/Say"]);
  });
});
