import { FakeClock, settle } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import type { Call, Reply } from "../call/call.js";
import { Code } from "../code.js";
import type { MethodKind } from "../contract/contract.js";
import { method } from "../fixtures/contracts.js";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { received } from "../fixtures/server-calls.js";
import { streamIdle } from "./stream-idle.js";

type Source = (call: Call) => AsyncIterable<object>;

async function* ticks(clock: FakeClock, ms: number): AsyncGenerator<object> {
  for (;;) {
    await clock.sleep(ms);
    yield {};
  }
}

async function open(kind: MethodKind, source: Source, request: object = {}, idleMs = 100) {
  const clock = new FakeClock();
  const call = received(method(kind), { request });
  const reply = await streamIdle(idleMs, clock)(async (seen) => streamAnswer(source(seen), seen))(call);
  return { clock, call, reader: readerOf(reply) };
}

function readerOf(reply: Reply): AsyncIterator<object> {
  if (!reply.responseStream) throw new Error("not a stream");
  return reply.response[Symbol.asyncIterator]();
}

const silence: Source = async function* () {
  await new Promise(() => {});
  yield {};
};

const stoodStill = { code: Code.Aborted, reason: "nothing moved on the stream for 100 ms" };

describe("a stream that stands still", () => {
  it("ends when it is bidirectional and nothing moves either way", async () => {
    const { clock, call, reader } = await open("bidi_streaming", silence, silence(received()));
    void reader.next().catch(() => {});
    await clock.advance(99);
    expect(call.cancelReason).toBeUndefined();
    await clock.advance(1);
    expect(call.cancelReason).toMatchObject(stoodStill);
  });

  it("lasts while requests come, and ends after the last one", async () => {
    const clock = new FakeClock();
    async function* requests(): AsyncGenerator<object> {
      for (let n = 0; n < 5; n++) {
        await clock.sleep(60);
        yield {};
      }
      await new Promise(() => {});
    }
    const call = received(method("bidi_streaming"), { request: requests() });
    await streamIdle(
      100,
      clock,
    )(async (seen) => {
      if (seen.requestStream)
        void (async () => {
          for await (const _ of seen.request);
        })();
      return streamAnswer(silence(seen), seen);
    })(call);
    for (let ms = 0; ms < 399; ms++) await clock.advance(1);
    expect(call.cancelReason).toBeUndefined();
    await clock.advance(1);
    expect(call.cancelReason).toMatchObject(stoodStill);
  });

  it("lasts when its handler has nothing to say to one request", async () => {
    const { clock, call, reader } = await open("server_streaming", silence);
    void reader.next().catch(() => {});
    await clock.advance(10_000);
    expect(call.cancelReason).toBeUndefined();
  });

  it("ends when its reader takes no more answers, exactly so long after it stopped", async () => {
    const clock = new FakeClock();
    const call = received(method("server_streaming"));
    const reply = await streamIdle(100, clock)(async () => streamAnswer(ticks(clock, 30), call))(call);
    const reader = readerOf(reply);
    for (let n = 0; n < 9; n++) {
      const next = reader.next();
      await clock.advance(30);
      await next;
    }
    await clock.advance(99);
    expect(call.cancelReason).toBeUndefined();
    await clock.advance(1);
    expect(call.cancelReason).toMatchObject(stoodStill);
  });

  it("leaves no timer behind when it ends, nor for unary calls and without a limit", async () => {
    const { clock, reader } = await open("bidi_streaming", async function* () {}, silence(received()));
    expect(clock.pending).toBe(1);
    await reader.next();
    await settle();
    expect(clock.pending).toBe(0);
    await streamIdle(100, clock)(async () => answer())(received());
    const unlimited = await open("bidi_streaming", silence, silence(received()), 0);
    expect([clock.pending, unlimited.clock.pending]).toEqual([0, 0]);
  });
});
