import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code } from "../../code.js";
import { BatchWriter } from "../../lane/batch-writer.js";
import { framed, MessageFrames } from "./message-frames.js";

const bytes = fc.uint8Array({ maxLength: 40 });

describe("message frames", () => {
  it("give what was framed, however it is cut into chunks", () => {
    fc.assert(
      fc.property(
        fc.array(bytes, { maxLength: 12 }),
        fc.array(fc.nat({ max: 400 }), { maxLength: 12 }),
        (all, cuts) => {
          const whole = Buffer.concat(all.map(framed));
          const at = [
            0,
            ...cuts.filter((cut) => cut <= whole.length).toSorted((a, b) => a - b),
            whole.length,
          ];
          const frames = new MessageFrames(0);
          const got: Buffer[] = [];
          for (const [n, from] of at.slice(0, -1).entries())
            frames.push(whole.subarray(from, at[n + 1]), (message) => void got.push(Buffer.from(message)));
          expect(got).toEqual(all.map((each) => Buffer.from(each)));
        },
      ),
    );
  });

  it("are written in place before what has room for it, and touch nothing else", () => {
    const writer = new BatchWriter();
    const batches = Array.from({ length: 500 }, (_, n) => {
      writer.error(n + 1, Code.Unavailable, "x".repeat(n), []);
      return writer.take();
    });
    const whole = batches.map((batch) => Buffer.from(batch.bytes));
    const frames = batches.map(framed);
    for (const [n, frame] of frames.entries()) expect(frame.buffer).toBe(batches[n]?.parts[0]?.buffer);
    const got: Buffer[] = [];
    new MessageFrames(0).push(Buffer.concat(frames), (message) => void got.push(message));
    expect(got).toEqual(whole);
  });

  it("refuse a message that is too long by its length alone, and one that is compressed", () => {
    const frames = new MessageFrames(10);
    const got: Buffer[] = [];
    const push = (chunk: Buffer): void => frames.push(chunk, (message) => void got.push(message));
    push(framed(Buffer.alloc(10)));
    expect(got).toHaveLength(1);
    expect(() => push(Buffer.from([0, 0, 0, 0, 11]))).toThrow(
      expect.objectContaining({
        code: Code.ResourceExhausted,
        reason: "Received message larger than max (11 vs 10)",
      }),
    );
    expect(() => new MessageFrames(10).push(Buffer.from([1, 0, 0, 0, 0]), () => {})).toThrow(
      expect.objectContaining({ code: Code.Unimplemented }),
    );
  });

  it("join a message of many chunks once", () => {
    const message = Buffer.alloc(1 << 20, 7);
    const frame = framed(message);
    const frames = new MessageFrames(0);
    const got: Buffer[] = [];
    const concat = Buffer.concat;
    let joins = 0;
    Buffer.concat = (...args) => {
      joins++;
      return concat(...args);
    };
    try {
      for (let at = 0; at < frame.length; at += 1_000)
        frames.push(frame.subarray(at, at + 1_000), (each) => void got.push(each));
    } finally {
      Buffer.concat = concat;
    }
    expect(got).toEqual([message]);
    expect(joins).toBe(1);
  });

  it("copy nothing of a chunk but what belongs to a message that began before it", () => {
    const messages = [1, 2, 3].map((byte) => Buffer.alloc(100, byte));
    const whole = Buffer.concat(messages.map(framed));
    const before = whole.subarray(0, 50);
    // Memory of its own: copies of what is short share some.
    const chunk = Buffer.allocUnsafeSlow(whole.length - before.length);
    whole.copy(chunk, 0, before.length);
    const frames = new MessageFrames(0);
    const got: Buffer[] = [];
    for (const each of [before, chunk]) frames.push(each, (message) => void got.push(message));
    expect(got).toEqual(messages);
    expect(got.map(({ buffer }) => buffer === chunk.buffer)).toEqual([false, true, true]);
  });
});
