import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { Call, Handler } from "../call/call.js";
import { drainTrailer } from "../call/drain.js";
import type { CallOptions } from "../call/options.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, method } from "../fixtures/contracts.js";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { responseStream } from "./response-stream.js";

function drained(): RpcError {
  const trailer = new Metadata();
  trailer.set(drainTrailer, "1");
  return new RpcError(Code.Unavailable, "the server is draining", { origin: "remote", trailer });
}

interface Opened {
  readonly stream: AsyncIterator<object>;
  readonly clock: FakeClock;
  readonly call: Call;
  readonly released: () => number;
}

function open(
  pipeline: Handler,
  options: CallOptions = {},
  kind: "server_streaming" | "bidi_streaming" = "server_streaming",
): Opened {
  const clock = new FakeClock();
  const called = method(kind);
  const call = callOn(called, kind === "bidi_streaming" ? { request: (async function* () {})() } : {});
  let released = 0;
  const begin = (): { call: Call; release(): void } => ({ call, release: () => void released++ });
  const stream = responseStream(begin, pipeline, called, options, { clock, timeoutMs: 1_000 })[
    Symbol.asyncIterator
  ]();
  return { stream, clock, call, released: () => released };
}

async function* messages(...all: (object | Error)[]): AsyncGenerator<object> {
  for (const each of all) {
    if (each instanceof Error) throw each;
    yield each;
  }
}

const done = { done: true, value: undefined };

describe("a response stream", () => {
  it("makes no call before its first next, and none when it is left before that", async () => {
    let calls = 0;
    const { stream, released } = open(async () => {
      calls++;
      return streamAnswer(messages());
    });
    await stream.return?.();
    expect(await stream.next()).toEqual(done);
    expect(calls).toBe(0);
    expect(released()).toBe(0);
  });

  it("gives headers, messages and trailer, and lets go of the call", async () => {
    const seen: string[] = [];
    const { stream, call, released } = open(async () => streamAnswer(messages({ n: 1 })), {
      onHeader: () => seen.push("header"),
      onTrailer: () => seen.push("trailer"),
    });
    expect(await stream.next()).toEqual({ done: false, value: { n: 1 } });
    expect(await stream.next()).toEqual(done);
    expect(seen).toEqual(["header", "trailer"]);
    expect(released()).toBe(1);
    expect(call.cancelReason).toBeUndefined();
  });

  it("cancels the call when it is left", async () => {
    const { stream, call, released } = open(async () => streamAnswer(messages({ n: 1 }, { n: 2 })));
    await stream.next();
    await stream.return?.();
    expect(call.cancelReason?.code).toBe(Code.Cancelled);
    expect(released()).toBe(1);
  });

  it("cancels the call when a callback of the caller throws", async () => {
    const { stream, call } = open(async (each) => streamAnswer(messages({ n: 1 }), each), {
      onHeader: () => {
        throw new Error("callback");
      },
    });
    await expect(stream.next()).rejects.toThrow("callback");
    expect(call.cancelReason?.code).toBe(Code.Cancelled);
  });

  it("opens again, with the same request, when its server drains, before or after its headers", async () => {
    const requests: unknown[] = [];
    let opened = 0;
    const { stream } = open(async (call) => {
      requests.push(call.request);
      if (++opened === 1) return streamAnswer(messages({ n: 1 }, drained()));
      if (opened === 2) throw drained();
      return streamAnswer(messages({ n: 2 }));
    });
    expect(await stream.next()).toEqual({ done: false, value: { n: 1 } });
    const next = stream.next();
    await settle();
    expect(opened).toBe(2);
    expect(requests[0]).toBe(requests[1]);
    void next;
  });

  it("pauses longer and longer, up to 1 s, before servers that end every stream at once", async () => {
    const times: number[] = [];
    const { stream, clock } = open(async () => {
      times.push(clock.now());
      return streamAnswer(messages(drained()));
    });
    stream.next().catch(() => {});
    await clock.advance(6_000);
    expect(times.map((time, n) => time - (times[n - 1] ?? time)).slice(0, 9)).toEqual([
      0, 0, 50, 100, 200, 400, 800, 1000, 1000,
    ]);
    void stream.return?.();
  });

  it("does not open again a stream whose caller asked for that, that is bidirectional, or that failed otherwise", async () => {
    const failing: Handler = async () => streamAnswer(messages(drained()));
    await expect(open(failing, { reopen: false }).stream.next()).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    await expect(open(failing, {}, "bidi_streaming").stream.next()).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    const other = new RpcError(Code.Unavailable, "other");
    await expect(open(async () => streamAnswer(messages(other))).stream.next()).rejects.toBe(other);
  });

  it("stops opening again once it is cancelled", async () => {
    const { stream, clock, call } = open(async () => streamAnswer(messages(drained())));
    const next = stream.next();
    next.catch(() => {});
    await clock.advance(75);
    const reason = new RpcError(Code.Cancelled, "enough");
    call.cancel(reason);
    await expect(next).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  it("gives a stream without a deadline the client's timeout to open", async () => {
    const { stream, clock } = open((call) => new Promise((_, reject) => call.onCancel(reject)));
    const next = stream.next();
    next.catch(() => {});
    await clock.advance(1_000);
    await expect(next).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
      reason: "the stream did not open within 1000 ms",
    });
    const opened = open(async () => streamAnswer(messages({ n: 1 })));
    await opened.stream.next();
    expect(opened.clock.pending).toBe(0);
  });

  it("refuses one message where a stream was due", async () => {
    const { stream } = open(async () => answer());
    await expect(stream.next()).rejects.toMatchObject({ code: Code.Internal });
  });
});
