import { describe, expect, it } from "vitest";
import { FakeClock, settle } from "@rollcall/testing/clock";
import type { Call } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, instance, method } from "../fixtures/contracts.js";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { answer, FakeTransport, streamAnswer } from "../fixtures/fake-transport.js";
import { ScriptedServer } from "../fixtures/link-server.js";
import type { ServiceInstance } from "../ports/registry.js";
import type { Connection } from "../ports/transport.js";
import { linkPath } from "./link-protocol.js";
import { linkedTransport } from "./linked-transport.js";

const record = instance("a", { features: ["link"] });
const next = { ...record, incarnation: "2-b" };
const silent: AsyncIterable<object> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
};

function hello({ id, incarnation, app, service }: ServiceInstance): object {
  return {
    kind: "hello",
    hello: { version: 1, instance: id, incarnation, app, services: [service], features: [] },
  };
}

/** A connection to a server that has said who it is, and ends calls when told. */
async function setup() {
  const clock = new FakeClock();
  const transport = new FakeTransport();
  const server = new ScriptedServer();
  const ends = new Map<Call, () => void>();
  transport.respond = async (call) => {
    if (call.method.path === linkPath) return server.open(call);
    if (call.method.kind === "server_streaming") return streamAnswer(silent, call);
    await new Promise<void>((resolve, reject) => {
      ends.set(call, resolve);
      call.onCancel(reject);
    });
    return answer();
  };
  const { logger } = fakeLogger();
  const linked = linkedTransport(transport, { clock, random: () => 0.5, logger, caller: "c1" });
  const connection = linked.connect(record);
  const greet = async (as = record): Promise<void> => {
    server.link.send(hello(as));
    await settle();
  };
  await settle();
  await greet();
  /** So many calls more, under way. */
  const calls = async (count: number, over: Connection = connection): Promise<Call[]> => {
    const made = Array.from({ length: count }, () => callOn());
    for (const call of made) over.call(call).catch(() => {});
    await settle();
    return made;
  };
  /** How many calls, links apart, are under way on each connection below. */
  const inflight = (): number[] =>
    transport.connections.map((each) => each.calls.filter((call) => ends.has(call)).length);
  const end = async (made: readonly Call[]): Promise<void> => {
    for (const call of made) {
      ends.get(call)?.();
      ends.delete(call);
    }
    await settle();
  };
  return { clock, transport, server, connection, greet, calls, inflight, end };
}

describe("a paired connection", () => {
  it("is one while fewer than 17 calls are under way, and does not count streams", async () => {
    const { connection, calls, end, inflight } = await setup();
    for (let n = 0; n < 100; n++) await end(await calls(16));
    for (let n = 0; n < 15; n++) void connection.call(callOn(method("server_streaming")));
    await settle();
    await end(await calls(1));
    expect(inflight()).toEqual([0]);
  });

  it("becomes two with the 17th, and sends calls over the second when that has said who it is", async () => {
    const { calls, inflight, greet, end } = await setup();
    const first = await calls(20);
    expect(inflight()).toEqual([20, 0]);
    await greet();
    await calls(30);
    expect(inflight()).toEqual([25, 25]);
    await end(first.slice(0, 10));
    await calls(5);
    expect(inflight()).toEqual([20, 25]);
  });

  it("sends streams over the first, however busy that is", async () => {
    const { connection, transport, calls, greet } = await setup();
    await calls(20);
    await greet();
    void connection.call(callOn(method("server_streaming")));
    expect(transport.connections.map((each) => each.calls.at(-1)?.method.kind)).toEqual([
      "server_streaming",
      "bidi_streaming",
    ]);
  });

  it("sends nothing over a second that leads to another run", async () => {
    const { connection, calls, inflight, greet } = await setup();
    await calls(20);
    await greet(next);
    await calls(30);
    expect(inflight()).toEqual([50, 0]);
    expect(connection.state).toBe("ready");
  });

  it("sends nothing over a second that has acknowledged a drain, which changes nothing for the first", async () => {
    const { connection, calls, inflight, greet, server } = await setup();
    await calls(20);
    await greet();
    server.links[1]!.send({ kind: "drain", drain: {} });
    await settle();
    expect(server.received.filter((frame) => "drainAck" in frame)).toHaveLength(1);
    await calls(5);
    expect(inflight()).toEqual([25, 0]);
    expect(connection.state).toBe("ready");
    server.links[0]!.send({ kind: "drain", drain: {} });
    await settle();
    expect(connection.state).toBe("draining");
    await expect(connection.call(callOn())).rejects.toMatchObject({ processed: "no" });
  });

  it("goes on with the first when the second is lost", async () => {
    const { connection, transport, calls, inflight, greet } = await setup();
    await calls(20);
    await greet();
    transport.connections[1]!.become("failed");
    await calls(5);
    expect(inflight()).toEqual([25, 0]);
    expect(connection.state).toBe("ready");
  });

  it("gives calls up on both, and closes both with the grace it is given", async () => {
    const { connection, transport, calls, greet } = await setup();
    await calls(20);
    await greet();
    const given: unknown[] = [];
    for (const each of transport.connections) each.abort = (reason) => given.push(reason(callOn()));
    const reason = new RpcError(Code.Unavailable, "hung");
    connection.abort?.(() => reason);
    expect(given).toEqual([reason, reason]);
    void connection.close(700);
    void connection.close(0);
    await settle();
    expect(transport.connections.map(({ closes }) => closes)).toEqual([
      [700, 0],
      [700, 0],
    ]);
  });

  it("moves with its first, and pairs that anew", async () => {
    const { connection, transport, calls, inflight, server } = await setup();
    const inner = transport.connections[0]!;
    inner.moveTo = (run) => transport.connect(run);
    expect(connection.moveTo?.(next)).toBeUndefined();
    inner.become("connecting");
    inner.become("ready");
    await settle();
    const moved = connection.moveTo!(next)!;
    await settle();
    server.link.send(hello(next));
    await settle();
    await calls(17, moved);
    expect(inflight()).toEqual([0, 17, 0]);
    expect(transport.connections.map((each) => each.instance)).toEqual([record, next, next]);
  });
});
