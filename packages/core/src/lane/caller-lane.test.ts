import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it, vi } from "vitest";
import { FakeClock } from "@rollcall/testing/clock";
import type { Call, Reply } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, method } from "../fixtures/contracts.js";
import { batchOf, TakenOutbox, type Said } from "../fixtures/lane-ends.js";
import type { LaneSettings } from "../gen/rollcall/link/v1/link.js";
import { readBatch } from "./batch-reader.js";
import type { BatchWriter } from "./batch-writer.js";
import { CallerLane } from "./caller-lane.js";
import { laneLimits, LaneViolation } from "./lane-protocol.js";
import type { MetadataPairs } from "./metadata-pairs.js";

const paths = ["/test.v1.Echo/Say", "/test.v1.Echo/Slow"];
const none: MetadataPairs = [];
const unavailable = { code: Code.Unavailable };

function setup(change: Partial<LaneSettings> = {}, busyPollUs?: number) {
  const clock = new FakeClock();
  const taken = new TakenOutbox(laneLimits.maxWaitingRequestBytes);
  let idles = 0;
  const settings = { version: 1, maxCalls: 8, maxRequestBytes: 64 << 10, methods: paths, ...change };
  const env = { clock, busyPollUs, outbox: taken.outbox, idle: () => void idles++ };
  const lane = new CallerLane(settings, env);
  const send = (request: object = {}, parts: Parameters<typeof callOn>[1] = {}) => {
    const call = callOn(method(), { request, ...parts });
    return { call, reply: onLane(lane, call) };
  };
  return {
    clock,
    taken,
    lane,
    send,
    idles: () => idles,
    says: (write: (frames: BatchWriter) => void) => readBatch(batchOf(write), lane),
  };
}

/** The call's reply, not yet looked at. Fails when the lane leaves the call to plain gRPC. */
function onLane(lane: CallerLane, call: Call): Promise<Reply> {
  const reply = lane.send(call);
  if (!reply) throw new Error("went plain");
  reply.catch(() => {});
  return reply;
}

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const kinds = (said: readonly Said[]): unknown[] => said.map(([kind, id]) => [kind, id]);

describe("a caller's lane", () => {
  it.each([
    ["keeps the event loop awake", undefined, 1],
    ["lets the event loop sleep, where that is asked for,", 0, 0],
  ])("%s until the answer of a single call", async (_, busyPollUs, turns) => {
    const nextTurn = vi.spyOn(globalThis, "setImmediate").mockImplementation(() => undefined as never);
    const { send, says } = setup({}, busyPollUs);
    try {
      const { reply } = send();
      expect(nextTurn).toHaveBeenCalledTimes(turns);
      says((frames) => frames.reply(1, none, none, json({})));
      await reply;
      // What goes round does so no more.
      for (const [turn] of nextTurn.mock.calls) turn();
      expect(nextTurn).toHaveBeenCalledTimes(turns);
    } finally {
      nextTurn.mockRestore();
    }
  });

  it("sends calls with rising ids, the method's index and whole milliseconds; gives each its answer", async () => {
    const { clock, taken, send, says, idles } = setup();
    const first = send({ n: 1 }, { deadline: clock.now() + 99.2 });
    const second = send({ n: 2 });
    expect(taken.takeAll()).toEqual([
      ["call", 1, 0, 100, '{"n":1}'],
      ["call", 2, 0, 0, '{"n":2}'],
    ]);
    const trailer: MetadataPairs = [["cost", "3"]];
    says((frames) => {
      frames.error(2, Code.NotFound, "no such order", trailer);
      frames.reply(1, trailer, none, json({ ok: true }));
    });
    expect(await first.reply).toMatchObject({ response: { ok: true } });
    await expect(second.reply).rejects.toMatchObject({
      code: Code.NotFound,
      reason: "no such order",
      origin: "remote",
      processed: "yes",
      path: "test.v1.Echo/Say",
    });
    expect(idles()).toBe(1);
  });

  it.each<[string, Partial<LaneSettings>, () => Call]>([
    ["of another version", { version: 2 }, () => callOn()],
    ["that takes no calls", { maxCalls: 0 }, () => callOn()],
    ["of a server without the method", { methods: [] }, () => callOn()],
    ["when it is a stream", {}, () => callOn(method("server_streaming"))],
    ["when its deadline has passed", {}, () => callOn(method(), { deadline: 1 })],
    ["when its message is longer than the server takes", { maxRequestBytes: 1 }, () => callOn()],
    [
      "when its message is longer than any lane takes",
      { maxRequestBytes: 1 << 30 },
      () => callOn(method(), { request: { text: "x".repeat(64 << 10) } }),
    ],
    ["when it cannot be encoded", {}, () => callOn(method(), { request: { n: 1n } })],
    ["with much metadata", {}, () => callOn(method(), { metadata: many(65) })],
    ["with long metadata", {}, () => callOn(method(), { metadata: many(1, "v".repeat(8 << 10)) })],
    ["with metadata that HTTP/2 would change", {}, () => callOn(method(), { metadata: many(1, " v") })],
    ["with a name that is gRPC's", {}, () => callOn(method(), { metadata: many(1, "v", "grpc-timeout") })],
  ])("leaves a call to plain gRPC: %s", (_, settings, call) => {
    const { lane, taken } = setup(settings);
    expect(lane.send(call())).toBeUndefined();
    expect(taken.takeAll()).toEqual([]);
  });

  it("leaves the next call to plain gRPC when the server has enough, or one method has three quarters", async () => {
    const { lane, send } = setup({ maxCalls: 4 });
    for (let n = 0; n < 3; n++) send();
    expect(lane.send(callOn())).toBeUndefined();
    const slow = callOn(method("unary", { path: paths[1]! }));
    expect(lane.send(slow)).toBeDefined();
    expect(lane.send(callOn(slow.method))).toBeUndefined();
  });

  it("leaves what a burst brings too much of to plain gRPC, and fails none of it", () => {
    const { lane, send, taken } = setup({ maxCalls: 2_048 });
    const request = { text: "x".repeat(60 << 10) };
    let plain = 0;
    for (let n = 0; n < 300; n++) if (!lane.send(callOn(method(), { request }))) plain++;
    expect(plain).toBeGreaterThan(100);
    expect(taken.takeAll()).toHaveLength(300 - plain);
    send(request);
  });

  it("knows of four thousand methods, whatever a server says", () => {
    const methods = Array.from({ length: 100_000 }, (_, n) => `/a.B/${n}`);
    const { lane } = setup({ methods });
    const to = (path: string): Promise<Reply> | undefined => lane.send(callOn(method("unary", { path })));
    expect(to("/a.B/4095")).toBeDefined();
    expect(to("/a.B/4096")).toBeUndefined();
  });

  it("asks the server to end a cancelled call, and keeps its place until that has answered", async () => {
    const { lane, send, taken, says } = setup({ maxCalls: 1 });
    const { call, reply } = send();
    const reason = new RpcError(Code.Cancelled, "enough");
    call.cancel(reason);
    await expect(reply).rejects.toBe(reason);
    expect(kinds(taken.takeAll())).toEqual([
      ["call", 1],
      ["cancel", 1],
    ]);
    expect(lane.underWay).toBe(0);
    expect(lane.send(callOn())).toBeUndefined();
    // Also when the answer was on its way.
    says((frames) => frames.reply(1, none, none, json({})));
    send();
  });

  it("says nothing of a call that is cancelled after its answer", async () => {
    const { send, taken, says } = setup();
    const { call, reply } = send();
    taken.takeAll();
    says((frames) => frames.reply(1, none, none, json({})));
    await reply;
    call.cancel(new RpcError(Code.Cancelled, "late"));
    expect(taken.takeAll()).toEqual([]);
  });

  it("ends those calls for which there is a reason", async () => {
    const { lane, send, taken } = setup();
    const [hung, other] = [send(), send()];
    const reason = new RpcError(Code.Unavailable, "hung");
    lane.abort((call) => (call === hung.call ? reason : undefined));
    await expect(hung.reply).rejects.toBe(reason);
    expect(kinds(taken.takeAll()).at(-1)).toEqual(["cancel", 1]);
    expect(lane.underWay).toBe(1);
    other.call.cancel(reason);
  });

  it("puts together an answer in parts", async () => {
    const { send, says } = setup();
    const { reply } = send();
    const message = json({ text: "x".repeat(5_000) });
    says((frames) => {
      frames.part(1, message.length, message.subarray(0, 10));
      frames.part(1, message.length, message.subarray(10, 10));
      frames.part(1, message.length, message.subarray(10, 4_000));
      frames.reply(1, none, none, message.subarray(4_000));
    });
    expect(await reply).toMatchObject({ response: JSON.parse(message.toString()) });
  });

  it("gives up an answer above 4 MiB at its first part, as over HTTP/2, and passes over the others", async () => {
    const { send, says, taken, lane } = setup();
    const { reply } = send();
    const total = (4 << 20) + 1;
    says((frames) => frames.part(1, total, Buffer.alloc(100)));
    await expect(reply).rejects.toMatchObject({
      code: Code.ResourceExhausted,
      reason: `Received message larger than max (${total} vs ${4 << 20})`,
    });
    expect(kinds(taken.takeAll())).toEqual([
      ["call", 1],
      ["cancel", 1],
    ]);
    says((frames) => {
      frames.part(1, total, Buffer.alloc(100));
      frames.error(1, Code.Cancelled, "the caller cancelled", none);
    });
    expect(lane.underWay).toBe(0);
  });

  it("keeps of an answer no memory of the batches it came in", async () => {
    const { send, says, lane } = setup();
    const { reply } = send();
    const message = json({ text: "abc" });
    const batch = batchOf((frames) => frames.part(1, message.length, message.subarray(0, 9)));
    readBatch(batch, lane);
    batch.fill(0);
    says((frames) => frames.reply(1, none, none, message.subarray(9)));
    expect(await reply).toMatchObject({ response: { text: "abc" } });
  });

  it("says that an answer cannot be read", async () => {
    const { send, says } = setup();
    const { reply } = send();
    says((frames) => frames.reply(1, none, none, Buffer.from("{")));
    await expect(reply).rejects.toMatchObject({
      code: Code.Internal,
      processed: "yes",
      reason: expect.stringContaining("the response cannot be read: "),
    });
  });
});

describe("a caller's lane whose server takes no more", () => {
  it("ends the calls that no handler will see, and lets the others be answered", async () => {
    const { lane, send, says } = setup();
    const [seen, unseen, cancelled] = [send(), send(), send()];
    cancelled.call.cancel(new RpcError(Code.Cancelled, "enough"));
    lane.closing(1);
    expect(lane.isOpen).toBe(false);
    expect(lane.send(callOn())).toBeUndefined();
    await expect(unseen.reply).rejects.toMatchObject({ ...unavailable, processed: "no" });
    says((frames) => frames.reply(1, none, none, json({ ok: true })));
    expect(await seen.reply).toMatchObject({ response: { ok: true } });
    expect(lane.underWay).toBe(0);
  });

  it("ends every call when the stream is over: those that were sent may have run, the others have not", async () => {
    const { lane, send, taken, idles } = setup();
    const sent = send();
    taken.takeAll();
    const unsent = send();
    const answered = send();
    answered.call.cancel(new RpcError(Code.Cancelled, "enough"));
    lane.ended("the link has broken: reset");
    const reason = "the link has broken: reset";
    await expect(sent.reply).rejects.toMatchObject({ ...unavailable, reason, processed: "unknown" });
    await expect(unsent.reply).rejects.toMatchObject({ ...unavailable, reason, processed: "no" });
    expect(lane.send(callOn())).toBeUndefined();
    expect(idles()).toBe(1);
  });
});

describe("a server that breaks the rules of a lane is found out when", () => {
  const begun = (): ReturnType<typeof setup> => {
    const parts = setup();
    parts.send();
    return parts;
  };

  it.each<[string, (frames: BatchWriter) => void, string]>([
    [
      "it answers a call that was not made",
      (f) => f.reply(2, none, none, json({})),
      "the call 2, which is not",
    ],
    [
      "it fails a call that was not made",
      (f) => f.error(0, 5, "", none),
      "the call 0, which is not under way",
    ],
    ["it sends a part of such an answer", (f) => f.part(7, 1, Buffer.of(1)), "the call 7, which is not"],
    [
      "it answers twice",
      (f) => {
        f.error(1, 5, "", none);
        f.reply(1, none, none, json({}));
      },
      "the call 1, which is not under way",
    ],
    ["it fails a call with ok", (f) => f.error(1, 0, "", none), "an error frame with the code ok"],
    ["a part is longer than the answer", (f) => f.part(1, 2, Buffer.alloc(3)), "more than the 2 bytes"],
    [
      "the last part makes it longer",
      (f) => {
        f.part(1, 2, Buffer.alloc(2));
        f.reply(1, none, none, Buffer.alloc(1));
      },
      "more than the 2 bytes of an answer",
    ],
    [
      "an answer ends too early",
      (f) => {
        f.part(1, 9, Buffer.alloc(2));
        f.reply(1, none, none, Buffer.alloc(1));
      },
      "an answer of 9 bytes, of which 3 came",
    ],
    [
      "an answer changes its length",
      (f) => {
        f.part(1, 9, Buffer.alloc(2));
        f.part(1, 1 << 20, Buffer.alloc(2));
      },
      "an answer of 9 bytes that became one of 1048576",
    ],
    ["it calls", (f) => f.call(1, 0, 0, none, json({})), "a frame that the other end sends: call"],
    ["it cancels", (f) => f.cancel(1), "a frame that the other end sends: cancel"],
  ])("%s, and no call is forgotten for it", (_, write, message) => {
    const { says, lane } = begun();
    expect(() => says(write)).toThrow(LaneViolation);
    expect(() => begun().says(write)).toThrow(message);
    lane.ended("the link has broken");
    expect(lane.underWay).toBe(0);
  });
});

function many(pairs: number, value = "v", key?: string): Metadata {
  const metadata = new Metadata();
  for (let n = 0; n < pairs; n++) metadata.set(key ?? `x-${n}`, value);
  return metadata;
}
