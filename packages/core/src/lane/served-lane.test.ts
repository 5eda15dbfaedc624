import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it, vi } from "vitest";
import { FakeClock, settle } from "@rollcall/testing/clock";
import type { Call, Reply, ServerCallContext } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { method } from "../fixtures/contracts.js";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { batchOf, TakenOutbox } from "../fixtures/lane-ends.js";
import { readBatch } from "./batch-reader.js";
import type { BatchWriter } from "./batch-writer.js";
import { laneLimits, LaneViolation } from "./lane-protocol.js";
import type { MetadataPairs } from "./metadata-pairs.js";
import { ServedLane } from "./served-lane.js";

const none: MetadataPairs = [];
const message = Buffer.from("{}");

interface Handled {
  readonly call: Call & ServerCallContext;
  readonly reply: PromiseWithResolvers<Reply>;
}

function setup(busyPollUs?: number) {
  const clock = new FakeClock();
  const ofConnection = new Metadata();
  ofConnection.set("user-agent", "grpc-node/1");
  const taken = new TakenOutbox(laneLimits.maxWaitingResponseBytes);
  const handled: Handled[] = [];
  let idles = 0;
  const lane = new ServedLane({
    methods: [method(), method("unary", { path: "/test.v1.Echo/Other" })],
    clock,
    peer: { address: "10.0.0.9:1" },
    metadata: ofConnection,
    draining: new AbortController().signal,
    outbox: taken.outbox,
    busyPollUs,
    idle: () => void idles++,
    dispatch(call) {
      const reply = Promise.withResolvers<Reply>();
      handled.push({ call: call as Call & ServerCallContext, reply });
      return reply.promise;
    },
  });
  const says = (write: (frames: BatchWriter) => void): void => void readBatch(batchOf(write), lane);
  return {
    clock,
    taken,
    lane,
    handled,
    says,
    idles: () => idles,
    /** One call more, in its handler. */
    begin(id: number, timeoutMs = 0): Handled {
      says((frames) => frames.call(id, 0, timeoutMs, none, message));
      return handled.at(-1)!;
    },
  };
}

const text = (length: number): object => ({ text: "x".repeat(length) });

describe("a server's lane", () => {
  it.each([
    ["keeps the event loop awake", undefined, 1],
    ["lets the event loop sleep, where that is asked for,", 0, 0],
  ])("%s for the next call when the last has its answer", async (_, busyPollUs, turns) => {
    const nextTurn = vi.spyOn(globalThis, "setImmediate").mockImplementation(() => undefined as never);
    const { begin } = setup(busyPollUs);
    try {
      const [first, second] = [begin(1), begin(2)];
      first.reply.resolve(answer());
      await settle();
      expect(nextTurn).not.toHaveBeenCalled();
      second.reply.resolve(answer());
      await settle();
      expect(nextTurn).toHaveBeenCalledTimes(turns);
      begin(3);
      for (const [turn] of nextTurn.mock.calls) turn();
      expect(nextTurn).toHaveBeenCalledTimes(turns);
    } finally {
      nextTurn.mockRestore();
    }
  });

  it("gives each call metadata of its own", () => {
    const { begin } = setup();
    begin(1).call.metadata.set("x", "of the first alone");
    expect(begin(2).call.metadata.toJSON()).toEqual({ "user-agent": ["grpc-node/1"] });
  });

  it("hands each call on as one over HTTP/2 would be, and answers in the order of the handlers", async () => {
    const { says, handled, taken, clock, idles } = setup();
    says((frames) => {
      const metadata: MetadataPairs = [
        ["x", "1"],
        ["user-agent", "somebody else"],
      ];
      frames.call(1, 0, 250, metadata, Buffer.from('{"n":1}'));
      frames.call(5, 1, 0, none, message);
    });
    const [first, second] = handled.map(({ call }) => call);
    expect(first).toMatchObject({ request: { n: 1 }, deadline: clock.now() + 250, requestStream: false });
    expect(first?.metadata.toJSON()).toEqual({ x: ["1"], "user-agent": ["grpc-node/1"] });
    expect(first?.peer).toEqual({ address: "10.0.0.9:1" });
    expect(second).toMatchObject({ deadline: Infinity, method: { path: "/test.v1.Echo/Other" } });
    expect(second?.metadata.toJSON()).toEqual({ "user-agent": ["grpc-node/1"] });
    handled[1]!.reply.reject(new RpcError(Code.NotFound, "no such order"));
    await settle();
    handled[0]!.reply.resolve(answer({ ok: true }));
    await settle();
    expect(taken.takeAll()).toEqual([
      ["error", 5, Code.NotFound, "no such order"],
      ["reply", 1, '{"ok":true}'],
    ]);
    expect(idles()).toBe(1);
  });

  it("answers internal to a request that cannot be read, as over HTTP/2", () => {
    const { says, taken, handled } = setup();
    says((frames) => frames.call(1, 0, 0, none, Buffer.from("{")));
    expect(handled).toEqual([]);
    expect(taken.takeAll()).toEqual([
      ["error", 1, Code.Internal, expect.stringContaining("Error deserializing request: ")],
    ]);
  });

  it("answers a stream, or a message that cannot be written, with internal, and ends the call", async () => {
    const { begin, taken } = setup();
    const [stream, bad] = [begin(1), begin(2)];
    stream.reply.resolve(streamAnswer((async function* () {})()));
    bad.reply.resolve(answer({ n: 1n }));
    await settle();
    expect(taken.takeAll().map(([kind, id, code]) => [kind, id, code])).toEqual([
      ["error", 1, Code.Internal],
      ["error", 2, Code.Internal],
    ]);
    expect(stream.call.cancelReason).toBeDefined();
  });

  it("answers a call once: the first of its end by a reason and its handler's reply", async () => {
    const { begin, taken } = setup();
    const cut = begin(1);
    cut.call.cancel(new RpcError(Code.Unavailable, "the server has stopped"));
    cut.reply.resolve(answer());
    const answered = begin(2);
    answered.reply.resolve(answer());
    await settle();
    answered.call.cancel(new RpcError(Code.DeadlineExceeded, "late"));
    expect(taken.takeAll()).toEqual([
      ["error", 1, Code.Unavailable, "the server has stopped"],
      ["reply", 2, "{}"],
    ]);
  });

  it("ends a cancelled call for its handler, and frees its place when that has ended", async () => {
    const { begin, says, taken, lane } = setup();
    const { call, reply } = begin(1);
    says((frames) => {
      frames.cancel(1);
      frames.cancel(1);
    });
    expect(call.cancelReason).toMatchObject({ code: Code.Cancelled, reason: "the caller cancelled" });
    expect(taken.takeAll()).toEqual([]);
    reply.resolve(answer(text(100_000)));
    await settle();
    // Whoever waits for nothing is sent nothing long.
    expect(taken.takeAll()).toEqual([["error", 1, Code.Cancelled, "the caller cancelled"]]);
    says((frames) => frames.cancel(1));
    expect(taken.takeAll()).toEqual([]);
    expect(lane.underWay).toBe(0);
  });

  it("does not wait for the handler of a call that was cancelled", () => {
    const { begin, says, lane, idles } = setup();
    begin(1);
    lane.close();
    expect(lane.underWay).toBe(1);
    says((frames) => frames.cancel(1));
    expect(lane.underWay).toBe(0);
    expect(idles()).toBe(1);
  });

  it("takes no call after it has closed, and says which it took", () => {
    const { begin, says, lane, handled, taken } = setup();
    begin(3);
    expect(lane.close()).toBe(3);
    says((frames) => {
      frames.call(4, 0, 0, none, message);
      frames.cancel(4);
    });
    expect(handled).toHaveLength(1);
    expect(taken.takeAll()).toEqual([]);
  });

  it("ends every call when its caller is gone, and answers none", async () => {
    const { begin, lane, taken } = setup();
    const [first, second] = [begin(1), begin(2)];
    lane.ended();
    expect(first.call.cancelReason?.code).toBe(Code.Cancelled);
    second.reply.resolve(answer());
    await settle();
    expect(taken.takeAll()).toEqual([]);
    expect(lane.underWay).toBe(0);
  });
});

describe("a long answer on a server's lane", () => {
  it("comes in parts behind short ones, and is under way until its last part", async () => {
    const { begin, taken, lane, idles } = setup();
    const long = begin(1);
    long.reply.resolve(answer(text(70_000)));
    await settle();
    begin(2).reply.resolve(answer());
    await settle();
    const total = JSON.stringify(text(70_000)).length;
    expect(taken.take()).toEqual([
      ["reply", 2, "{}"],
      ["part", 1, total, laneLimits.partBytes],
    ]);
    expect(lane.underWay).toBe(1);
    expect(taken.take()).toEqual([["part", 1, total, laneLimits.partBytes]]);
    expect(idles()).toBe(0);
    expect(taken.take()).toEqual([["reply", 1, `${"x".repeat(total - 2 * laneLimits.partBytes - 2)}"}`]]);
    expect(taken.take()).toBeUndefined();
    expect(idles()).toBe(1);
  });

  it("is not sent to its end when its caller cancels it", async () => {
    const { begin, says, taken, lane } = setup();
    begin(1).reply.resolve(answer(text(1_000_000)));
    await settle();
    expect(taken.take()).toEqual([["part", 1, 1_000_011, laneLimits.partBytes]]);
    says((frames) => frames.cancel(1));
    expect(taken.takeAll()).toEqual([["error", 1, Code.Cancelled, "the caller cancelled"]]);
    expect(lane.underWay).toBe(0);
  });

  it("ends once when something else ends its call before", async () => {
    const { begin, taken } = setup();
    const { call, reply } = begin(1);
    reply.resolve(answer(text(100_000)));
    await settle();
    call.cancel(new RpcError(Code.Unavailable, "cut"));
    expect(taken.takeAll()).toEqual([["error", 1, Code.Unavailable, "cut"]]);
  });

  it("holds its call's place: a caller that does not read cannot have more of them than calls", async () => {
    const { says, handled } = setup();
    says((frames) => {
      for (let id = 1; id <= laneLimits.maxCalls; id++) frames.call(id, 0, 0, none, message);
    });
    const long = answer(text(40_000));
    for (const { reply } of handled) reply.resolve(long);
    await settle();
    expect(() => says((frames) => frames.call(99_999, 0, 0, none, message))).toThrow(LaneViolation);
  });
});

describe("an answer with more metadata than a caller takes", () => {
  const much = new Metadata();
  for (let n = 0; n < 129; n++) much.set(`x-${n}`, "v");

  it.each(["responseHeader", "responseTrailer"] as const)("fails the call alone: %s", async (where) => {
    const { begin, taken } = setup();
    const { call, reply } = begin(1);
    call[where].merge(much);
    reply.resolve(answer());
    await settle();
    expect(taken.takeAll()).toEqual([
      [
        "error",
        1,
        Code.ResourceExhausted,
        "the answer's header or trailer has more than 128 values or 65536 bytes",
      ],
    ]);
  });

  it("keeps an error's code and reason, and leaves the metadata out", async () => {
    const { begin, taken } = setup();
    begin(1).reply.reject(new RpcError(Code.NotFound, "no such order", { trailer: much }));
    await settle();
    expect(taken.takeAll()).toEqual([["error", 1, Code.NotFound, "no such order"]]);
  });
});

describe("a caller that breaks the rules of a lane is found out when", () => {
  const call = (frames: BatchWriter, id: number, index = 0, body: Uint8Array = message): void =>
    frames.call(id, index, 0, none, body);

  it.each<[string, (frames: BatchWriter) => void, string]>([
    [
      "an id comes twice",
      (f) => {
        call(f, 2);
        call(f, 2);
      },
      "the call 2 after the call 2",
    ],
    [
      "an id falls",
      (f) => {
        call(f, 2);
        call(f, 1);
      },
      "the call 1 after the call 2",
    ],
    ["an id is 0", (f) => call(f, 0), "the call 0 after the call 0"],
    ["a method is not one", (f) => call(f, 1, 2), "a call of the method 2 of 2"],
    ["it cancels what has not come", (f) => f.cancel(1), "a cancellation of the call 1, which has not come"],
    [
      "a request is too long",
      (f) => call(f, 1, 0, Buffer.alloc(laneLimits.maxRequestBytes + 1, "{}")),
      "a request of 65537 bytes, above 65536",
    ],
    [
      "there are too many calls",
      (f) => {
        for (let id = 1; id < 2_050; id++) call(f, id);
      },
      "more than 2048 calls without an answer",
    ],
    ["it answers", (f) => f.reply(1, none, none, message), "a frame that the other end sends: reply"],
    ["it fails", (f) => f.error(1, 5, "", none), "a frame that the other end sends: error"],
    ["it sends parts", (f) => f.part(1, 5, message), "a frame that the other end sends: part"],
  ])("%s", (_, write, reason) => {
    expect(() => setup().says(write)).toThrow(new LaneViolation(reason));
  });

  it("and masses of cancellations are of no account", () => {
    const { begin, says, taken } = setup();
    begin(1_000);
    says((frames) => {
      for (let n = 0; n < 50_000; n++) frames.cancel(n % 1_000);
    });
    expect(taken.takeAll()).toEqual([]);
  });
});
