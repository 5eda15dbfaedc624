import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import {
  Code,
  createGrpcTransport,
  linkedTransport,
  Link,
  RpcError,
  systemClock,
  type Call,
  type Connection,
  type Reply,
} from "@rollcall/core";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { BatchWriter } from "../../packages/core/src/lane/batch-writer.js";
import { fakeLogger } from "../../packages/core/src/fixtures/fake-logger.js";
import { batchOf } from "../../packages/core/src/fixtures/lane-ends.js";
import type { MetadataPairs } from "../../packages/core/src/lane/metadata-pairs.js";
import { echoCall, instanceAt } from "./echo.js";
import { grpc } from "./grpc.js";
import { overLanes } from "./over-lanes.js";
import { RawLink } from "./raw-link.js";
import { Scene } from "./scene.js";

const none: MetadataPairs = [];
const body = Buffer.from("{}");
const batch = (write: (frames: BatchWriter) => void): object => ({ laneBatch: batchOf(write) });
const eventually = (check: () => boolean): Promise<void> =>
  expect.poll(check, { interval: 5, timeout: 5_000 }).toBe(true);

/** A caller that sends frames by hand, once it has been told that calls are taken. */
async function rawCaller(scene: Scene, port: number): Promise<{ raw: RawLink; connection: Connection }> {
  const connection = scene.dial(port, createGrpcTransport());
  await eventually(() => connection.state === "ready");
  const raw = RawLink.greeting(connection);
  await eventually(() => raw.of("laneSettings").length === 1);
  return { raw, connection };
}

function manyFrames(count: number, kind: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => Buffer.of(kind, 0, 0, 0, 0)));
}

describe("a caller that sends on a lane what it must not", () => {
  it.each<[string, object, string]>([
    ["bytes that are no frames", { laneBatch: Buffer.from("no frames") }, "a frame of"],
    [
      "a frame cut off",
      { laneBatch: batchOf((f) => f.call(1, 0, 0, none, body)).subarray(0, -1) },
      "a frame of 6 bytes, of which 5 came",
    ],
    [
      "an id twice",
      batch((f) => {
        f.call(1, 0, 0, none, body);
        f.call(1, 0, 0, none, body);
      }),
      "the call 1 after the call 1",
    ],
    [
      "a method that is not there",
      batch((f) => f.call(1, 99, 0, none, body)),
      "a call of the method 99 of 1",
    ],
    [
      "a request above the limit",
      batch((f) => f.call(1, 0, 0, none, Buffer.alloc(70_000))),
      "a request of 70000 bytes, above 65536",
    ],
    [
      "a batch above the limit",
      { laneBatch: Buffer.alloc(600_000) },
      "a batch of 600000 bytes, above 524288",
    ],
    [
      "a call with a bomb of metadata",
      { laneBatch: Buffer.of(1, 0, 0, 0, 7, 1, 0, 0, 0xff, 0xff, 0xff, 0x7f) },
      "metadata of 268435455 pairs, above 64",
    ],
    [
      "too many calls",
      batch((f) => {
        for (let id = 1; id <= 3_000; id++) f.call(id, 0, 0, none, Buffer.from('{"wait":true}'));
      }),
      "more than 2048 calls without an answer",
    ],
    ["answers", batch((f) => f.reply(1, none, none, body)), "a frame that the other end sends: reply"],
  ])("loses that lane, with the reason, and nobody else anything: %s", async (_, frame, reason) => {
    await using scene = new Scene(overLanes(grpc));
    const release = Promise.withResolvers<object>();
    const server = await scene.serve({ unary: ({ wait }) => (wait ? release.promise : Promise.resolve({})) });
    const other = await scene.connect(server);
    const inflight = other.call(echoCall("unary", { wait: true }));
    const { raw, connection } = await rawCaller(scene, server.listener.port);
    raw.say(frame);
    expect(await raw.ended).toMatchObject({
      code: Code.Internal,
      reason: expect.stringMatching(new RegExp(`^lane: ${reason}`)),
    });
    // Its connection is as good as before, and so are others and their calls.
    expect(await connection.call(echoCall("unary"))).toMatchObject({ response: {} });
    expect(await other.call(echoCall("unary"))).toMatchObject({ response: {} });
    release.resolve({ ok: true });
    expect(await inflight).toMatchObject({ response: { ok: true } });
    await eventually(() => server.gate.inflight === 0);
  });

  it("loses its link when calls come before anybody has said that they are taken", async () => {
    await using scene = new Scene(overLanes(grpc));
    const server = await scene.serve({ unary: async () => ({}) });
    const connection = scene.dial(server.listener.port, createGrpcTransport());
    await eventually(() => connection.state === "ready");
    const raw = new RawLink(connection);
    raw.say(batch((f) => f.call(1, 0, 0, none, body)));
    expect(await raw.ended).toMatchObject({ reason: "lane: a batch before the settings" });
  });

  it("is told when a message is no frame at all", async () => {
    await using scene = new Scene(overLanes(grpc));
    const server = await scene.serve({ unary: async () => ({}) });
    const { raw, connection } = await rawCaller(scene, server.listener.port);
    raw.send(Buffer.from([0xff, 0xff, 0xff]));
    expect(await raw.ended).toMatchObject({
      code: Code.Internal,
      reason: expect.stringContaining("Error deserializing request"),
    });
    expect(await connection.call(echoCall("unary"))).toMatchObject({ response: {} });
  });

  it("is served all the same when a frame is of a kind that is not known, or empty ones come in masses", async () => {
    await using scene = new Scene(overLanes(grpc));
    const server = await scene.serve({ unary: async () => ({ ok: true }) });
    const { raw } = await rawCaller(scene, server.listener.port);
    raw.say({
      laneBatch: Buffer.concat([manyFrames(100_000, 77), batchOf((f) => f.call(1, 0, 0, none, body))]),
    });
    await eventually(() => raw.of("laneBatch").length === 1);
    raw.close();
  });

  it("cannot make a server hold more than its calls' places, when it does not read its answers", async () => {
    await using scene = new Scene(overLanes(grpc));
    let handled = 0;
    const large = { text: "x".repeat(100_000) };
    const server = await scene.serve({
      unary: async ({ small }) => {
        if (!small) handled++;
        return small ? {} : large;
      },
    });
    const other = await scene.connect(server);
    const connection = scene.dial(server.listener.port, createGrpcTransport());
    await eventually(() => connection.state === "ready");
    const raw = RawLink.greeting(connection, "laneSettings");
    await eventually(() => raw.of("laneSettings").length === 1);
    for (let id = 0; id < 3_000; id += 100)
      raw.say(
        batch((f) => {
          for (let n = 1; n <= 100; n++) f.call(id + n, 0, 0, none, body);
        }),
      );
    await eventually(() => handled >= 2_000);
    expect(await other.call(echoCall("unary", { small: true }))).toMatchObject({ response: {} });
    expect(handled).toBeLessThanOrEqual(2_048);
    raw.close();
    await eventually(() => server.gate.inflight === 0);
  });
});

describe("a server that sends on a lane what it must not", () => {
  it.each<[string, (id: number) => object, string]>([
    ["bytes that are no frames", () => ({ laneBatch: Buffer.from("no frames") }), "a frame of"],
    ["an answer to no call", () => batch((f) => f.reply(99, none, none, body)), "an answer to the call 99"],
    [
      "two answers",
      () =>
        batch((f) => {
          f.part(1, 9, Buffer.alloc(3));
          f.reply(1, none, none, Buffer.alloc(3));
        }),
      "an answer of 9 bytes, of which 6 came",
    ],
    ["settings again", () => ({ laneSettings: { version: 1 } }), "settings for the second time"],
    ["calls", () => batch((f) => f.call(1, 0, 0, none, body)), "a frame that the other end sends: call"],
  ])("loses the lane, and calls go plain from then on: %s", async (_, wrong, reason) => {
    await using scene = new Scene(grpc);
    const links: { send(frame: object): void }[] = [];
    async function* open(): AsyncIterable<object> {
      const waiting: object[] = [];
      let wake = (): void => {};
      links.push({
        send(frame) {
          waiting.push(frame);
          wake();
        },
      });
      const { service } = instanceAt("");
      const features = ["lane"];
      yield {
        hello: { version: 1, instance: "a", incarnation: "1-a", app: "echo", services: [service], features },
      };
      yield {
        laneSettings: { version: 1, maxCalls: 9, maxRequestBytes: 999, methods: ["/test.v1.Echo/unary"] },
      };
      for (;;) {
        for (let frame = waiting.shift(); frame; frame = waiting.shift()) yield frame;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
    const bound = { contract: Link, implementation: { open } };
    const server = await scene.serve({ unary: async () => ({ plain: true }) }, [], undefined, [bound]);
    const good = await scene.serve({ unary: async () => ({ plain: true }) });
    const { logger, lines } = fakeLogger();
    const env = { clock: systemClock, random: () => 0.5, logger, caller: "c1" };
    const features = ["link", "lane"];
    const connection = scene.dial(server.listener.port, linkedTransport(grpc.transport, env), {
      id: "a",
      features,
    }) as Connection & { hasLane: boolean };
    const other = scene.dial(good.listener.port);
    await eventually(() => connection.hasLane && other.state === "ready");
    const inflight = connection.call(echoCall("unary"));
    inflight.catch(() => {});
    // Its frame has left with the turn.
    await new Promise((resolve) => setTimeout(resolve, 20));
    links[0]!.send(wrong(1));
    await expect(inflight).rejects.toMatchObject({
      code: Code.Unavailable,
      processed: "unknown",
      reason: expect.stringContaining(`the link has broken: lane: ${reason}`),
    });
    expect(connection.state).toBe("ready");
    expect(await connection.call(echoCall("unary"))).toMatchObject({ response: { plain: true } });
    expect(await other.call(echoCall("unary"))).toMatchObject({ response: { plain: true } });
    // The link is opened again, and its server talks of a lane again.
    await eventually(() => links.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(connection.hasLane).toBe(false);
    expect(await connection.call(echoCall("unary"))).toMatchObject({ response: { plain: true } });
    expect(lines.filter(({ msg }) => msg.includes("without a lane"))).toHaveLength(1);
  });
});

describe("calls on one lane", () => {
  it("do not wait for a slow handler, nor for long answers", async () => {
    await using scene = new Scene(overLanes(grpc));
    const release = Promise.withResolvers<object>();
    const long = { text: "x".repeat(3 << 20) };
    const { connection } = await scene.pair({
      unary: async ({ what }) => {
        if (what === "slow") return release.promise;
        return what === "long" ? long : {};
      },
    });
    const order: string[] = [];
    const call = async (what: string): Promise<void> => {
      await connection.call(echoCall("unary", { what }));
      order.push(what);
    };
    const slow = call("slow");
    const others = [
      ...Array.from({ length: 8 }, () => call("long")),
      ...Array.from({ length: 50 }, () => call("short")),
    ];
    await Promise.all(others);
    // Asked for last, and 24 MB before them.
    expect(order.slice(0, 50)).toEqual(Array(50).fill("short"));
    release.resolve({});
    await slow;
  });

  it("are all answered by a server that drains, long answers too", async () => {
    await using scene = new Scene(overLanes(grpc));
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let handled = 0;
    const { server, connection } = await scene.pair({
      unary: async ({ n }) => {
        if (++handled === 600) begun.resolve();
        await release.promise;
        return { n, text: n % 10 === 0 ? "x".repeat(200_000) : "" };
      },
    });
    const replies = Array.from({ length: 600 }, (_, n) => connection.call(echoCall("unary", { n })));
    await begun.promise;
    server.gate.begin();
    const drained = server.listener.drain();
    release.resolve();
    const answers = await Promise.all(replies);
    expect(answers.map((reply) => (reply as { response: { n: number } }).response.n)).toEqual(
      Array.from({ length: 600 }, (_, n) => n),
    );
    // The lane ends with its last call, and the server with the lane.
    await drained;
  });

  it("are each answered when the server's time is up, and do not hold it up when they were cancelled", async () => {
    await using scene = new Scene(overLanes(grpc));
    const { server, connection } = await scene.pair({ unary: () => new Promise(() => {}) });
    const calls = Array.from({ length: 3 }, () => echoCall("unary"));
    const replies = calls.map((call) => connection.call(call));
    for (const each of replies) each.catch(() => {});
    await eventually(() => server.gate.inflight === 3);
    calls[2]!.cancel(new RpcError(Code.Cancelled, "enough"));
    await eventually(() => server.gate.inflight === 2);
    server.gate.begin();
    const drained = server.listener.drain();
    server.gate.cut();
    for (const each of replies.slice(0, 2))
      await expect(each).rejects.toMatchObject({
        code: Code.Unavailable,
        reason: "the server has stopped",
        origin: "remote",
      });
    await drained;
  });
});

describe("a lane whose connection dies", () => {
  it("fails the calls that were sent, and lets those that never left go on elsewhere", async () => {
    const lanes = overLanes(grpc);
    await using scene = new Scene(lanes);
    const server = await scene.serve({ unary: () => new Promise(() => {}) });
    const sockets = new Set<Socket>();
    const proxy = createServer((inward) => {
      const outward = connect(server.listener.port, "127.0.0.1");
      for (const each of [inward, outward]) sockets.add(each.on("error", () => {}));
      inward.pipe(outward).pipe(inward);
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;
    // The record that the server behind it answers to.
    const meant = instanceAt(`127.0.0.1:${server.listener.port}`);
    const env = { clock: systemClock, random: () => 0.5, logger: pino({ level: "silent" }), caller: "c1" };
    const connection = scene.dial(port, linkedTransport(grpc.transport, env), {
      id: meant.id,
      features: ["link", "lane"],
    }) as Connection & { hasLane: boolean };
    await eventually(() => connection.hasLane);
    // What comes is not taken any more: windows and buffers fill.
    for (const socket of sockets) socket.unpipe().pause();
    const request = { text: "x".repeat(60_000) };
    const failed: RpcError[] = [];
    const calls: Promise<void>[] = [];
    const attempt = async (call: Call): Promise<Reply | undefined> =>
      connection.call(call).catch((error: RpcError) => void failed.push(error));
    // What windows and buffers take, then 8 MiB in the lane's own queue; then calls go plain.
    for (let n = 0; n < 200; n++) {
      calls.push(attempt(echoCall("unary", request)).then(() => {}));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const socket of sockets) socket.destroy();
    proxy.close();
    await Promise.all(calls);
    expect(failed).toHaveLength(200);
    expect(new Set(failed.map(({ code }) => code))).toEqual(new Set([Code.Unavailable]));
    // `retry` sends on what was not processed, whatever the method, and nothing else of methods that may run once.
    const onLane = failed.filter(({ reason }) => reason.startsWith("the link has broken"));
    const processed = onLane.map((error) => error.processed);
    const unsent = processed.indexOf("no");
    expect(unsent).toBeGreaterThan(0);
    expect(new Set(processed.slice(0, unsent))).toEqual(new Set(["unknown"]));
    expect(processed.slice(unsent).length).toBeGreaterThan(8);
    expect(new Set(processed.slice(unsent))).toEqual(new Set(["no"]));
  });
});
