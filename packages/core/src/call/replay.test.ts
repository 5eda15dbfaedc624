import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { settle } from "@rollcall/testing/clock";
import { maxReplayMessages, ReplayableStream } from "./replay.js";

async function* numbers(count: number): AsyncGenerator<{ n: number }> {
  for (let n = 0; n < count; n++) yield { n };
}

function readerOf(stream: ReplayableStream): AsyncIterator<object> {
  return stream.read()[Symbol.asyncIterator]();
}

async function take(reader: AsyncIterator<object>, count: number): Promise<object[]> {
  const taken: object[] = [];
  while (taken.length < count) {
    const result = await reader.next();
    if (result.done) break;
    taken.push(result.value);
  }
  return taken;
}

const upTo = (count: number): object[] => Array.from({ length: count }, (_, n) => ({ n }));

describe("a replayable stream", () => {
  it("gives every reader the whole stream, wherever the readers before it stopped", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: maxReplayMessages }),
        fc.array(fc.tuple(fc.nat(maxReplayMessages + 5), fc.boolean()), { maxLength: 4 }),
        async (count, attempts) => {
          const stream = new ReplayableStream(numbers(count));
          for (const [stop, leaves] of attempts) {
            const reader = readerOf(stream);
            expect(await take(reader, stop)).toEqual(upTo(Math.min(stop, count)));
            if (leaves) await reader.return?.();
          }
          expect(stream.replayable).toBe(true);
          expect(await take(readerOf(stream), Infinity)).toEqual(upTo(count));
        },
      ),
    );
  });

  it("can no longer be replayed once more than 64 messages were taken, and its reader goes on without a gap", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 65, max: 300 }), async (count) => {
        const stream = new ReplayableStream(numbers(count));
        const reader = readerOf(stream);
        const first = await take(reader, 64);
        expect(stream.replayable).toBe(true);
        const rest = await take(reader, Infinity);
        expect(stream.replayable).toBe(false);
        expect([...first, ...rest]).toEqual(upTo(count));
      }),
    );
  });

  it("ends an earlier reader when a new one begins", async () => {
    const stream = new ReplayableStream(numbers(3));
    const first = readerOf(stream);
    await first.next();
    const second = readerOf(stream);
    expect(await first.next()).toEqual({ done: true, value: undefined });
    expect(await take(second, Infinity)).toEqual(upTo(3));
  });

  it("hands a message that was being waited for to the reader that took over", async () => {
    const gate = Promise.withResolvers<void>();
    const stream = new ReplayableStream(
      (async function* () {
        await gate.promise;
        yield { late: true };
      })(),
    );
    const first = readerOf(stream).next();
    const second = readerOf(stream).next();
    gate.resolve();
    expect(await first).toEqual({ done: true, value: undefined });
    expect(await second).toEqual({ done: false, value: { late: true } });
  });

  it("does not end its source when a reader leaves: the next attempt still needs it", async () => {
    const stream = new ReplayableStream(numbers(3));
    const first = readerOf(stream);
    await first.next();
    await first.return?.();
    expect(await take(readerOf(stream), Infinity)).toEqual(upTo(3));
  });

  it("fails for every reader once its source has failed, and never looks finished", async () => {
    const failure = new Error("source");
    const stream = new ReplayableStream(
      (async function* () {
        yield { n: 0 };
        throw failure;
      })(),
    );
    const first = readerOf(stream);
    await first.next();
    await expect(first.next()).rejects.toBe(failure);
    const second = readerOf(stream);
    expect(await second.next()).toEqual({ done: false, value: { n: 0 } });
    await expect(second.next()).rejects.toBe(failure);
    await expect(second.next()).rejects.toBe(failure);
  });

  it("keeps a failure that came between two attempts, without an unhandled rejection", async () => {
    const gate = Promise.withResolvers<never>();
    const stream = new ReplayableStream(
      (async function* (): AsyncGenerator<object> {
        yield await gate.promise;
      })(),
    );
    const first = readerOf(stream);
    void first.next().catch(() => {});
    await first.return?.();
    gate.reject(new Error("meanwhile"));
    await settle();
    await expect(readerOf(stream).next()).rejects.toThrow("meanwhile");
  });

  it("passes on what a careless source yields instead of swallowing it", async () => {
    const stream = new ReplayableStream(
      (async function* () {
        yield undefined as unknown as object;
        yield { n: 1 };
      })(),
    );
    expect(await take(readerOf(stream), Infinity)).toEqual([undefined, { n: 1 }]);
  });
});
