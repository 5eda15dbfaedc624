import { Metadata } from "@grpc/grpc-js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linkMethod } from "../link/link-codec.js";
import { readBatch, type FrameReceiver } from "./batch-reader.js";
import { BatchWriter } from "./batch-writer.js";
import { laneLimits, LaneViolation } from "./lane-protocol.js";
import { pairsOf, type MetadataPairs } from "./metadata-pairs.js";

type Written =
  | {
      kind: "call";
      id: number;
      method: number;
      timeoutMs: number;
      metadata: MetadataPairs;
      bytes: Uint8Array;
    }
  | { kind: "reply"; id: number; header: MetadataPairs; trailer: MetadataPairs; bytes: Uint8Array }
  | { kind: "error"; id: number; code: number; reason: string; trailer: MetadataPairs }
  | { kind: "cancel"; id: number }
  | { kind: "part"; id: number; total: number; bytes: Uint8Array };

const number = fc.oneof(
  fc.nat({ max: 300 }),
  fc.maxSafeNat(),
  fc.constantFrom(127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER),
);
const id = number;
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  // Across the boundaries of the writer's chunks.
  fc.integer({ min: 0, max: 20_000 }).map((length) => new Uint8Array(length).fill(length)),
);
const key = fc.stringMatching(/^[0-9a-z_.][0-9a-z_.-]{0,8}$/).filter((each) => !each.endsWith("-bin"));
const pair = fc.oneof(
  fc.tuple(key, fc.stringMatching(/^[ -~]{0,20}$/)),
  fc.tuple(
    key.map((each) => `${each}-bin`),
    fc.uint8Array({ maxLength: 20 }).map((each) => Buffer.from(each)),
  ),
);
// Several values of one key come of few keys.
const pairs = fc.oneof(
  fc.array(pair, { maxLength: 8 }),
  fc.array(
    fc.tuple(
      fc.constant("k-bin"),
      fc.uint8Array({ maxLength: 5 }).map((each) => Buffer.from(each)),
    ),
    { maxLength: 8 },
  ),
);
const reason = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.toWellFormed());
const written: fc.Arbitrary<Written> = fc.oneof(
  fc.record({
    kind: fc.constant("call" as const),
    id,
    method: number,
    timeoutMs: number,
    metadata: pairs,
    bytes,
  }),
  fc.record({ kind: fc.constant("reply" as const), id, header: pairs, trailer: pairs, bytes }),
  fc.record({ kind: fc.constant("error" as const), id, code: number, reason, trailer: pairs }),
  fc.record({ kind: fc.constant("cancel" as const), id }),
  fc.record({ kind: fc.constant("part" as const), id, total: number, bytes }),
);

function metadataOf(from: MetadataPairs): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of from) metadata.add(name, value);
  return metadata;
}

function sent(from: MetadataPairs): MetadataPairs {
  return pairsOf(metadataOf(from));
}

/** As it arrives: several values of a text key are one, as HTTP/2 makes of them. */
function arrived(from: MetadataPairs): object {
  const all = metadataOf(from).toJSON();
  return Object.fromEntries(
    Object.entries(all).map(([name, values]) => [name, name.endsWith("-bin") ? values : [values.join(", ")]]),
  );
}

function write(writer: BatchWriter, frame: Written): void {
  switch (frame.kind) {
    case "call":
      return writer.call(frame.id, frame.method, frame.timeoutMs, sent(frame.metadata), frame.bytes);
    case "reply":
      return writer.reply(frame.id, sent(frame.header), sent(frame.trailer), frame.bytes);
    case "error":
      return writer.error(frame.id, frame.code, frame.reason, sent(frame.trailer));
    case "cancel":
      return writer.cancel(frame.id);
    case "part":
      return writer.part(frame.id, frame.total, frame.bytes);
  }
}

function expected(frame: Written): unknown[] {
  switch (frame.kind) {
    case "call":
      return ["call", frame.id, frame.method, frame.timeoutMs, arrived(frame.metadata), hex(frame.bytes)];
    case "reply":
      return ["reply", frame.id, arrived(frame.header), arrived(frame.trailer), hex(frame.bytes)];
    case "error":
      return ["error", frame.id, frame.code, frame.reason, arrived(frame.trailer)];
    case "cancel":
      return ["cancel", frame.id];
    default:
      return ["part", frame.id, frame.total, hex(frame.bytes)];
  }
}

const hex = (of: Uint8Array): string => Buffer.from(of).toString("hex");

/** What a batch says, one entry a frame. */
function read(batch: Buffer): unknown[][] {
  const seen: unknown[][] = [];
  const receiver: Required<FrameReceiver> = {
    call: (...[id, method, timeoutMs, metadata, message]) =>
      void seen.push(["call", id, method, timeoutMs, metadata.toJSON(), hex(message)]),
    reply: (...[id, header, trailer, message]) =>
      void seen.push(["reply", id, header.toJSON(), trailer.toJSON(), hex(message)]),
    error: (...[id, code, reason, trailer]) => void seen.push(["error", id, code, reason, trailer.toJSON()]),
    cancel: (...[id]) => void seen.push(["cancel", id]),
    part: (...[id, total, bytes]) => void seen.push(["part", id, total, hex(bytes)]),
  };
  readBatch(batch, receiver);
  return seen;
}

/** The batch in the bytes of a `Frame`, as the codec of links finds it. */
function batchOf(frame: Buffer): Buffer {
  const decoded = linkMethod.request.decode(frame) as { kind: string; laneBatch: Buffer };
  expect(decoded.kind).toBe("laneBatch");
  return decoded.laneBatch;
}

const anyone: Required<FrameReceiver> = {
  call: () => {},
  reply: () => {},
  error: () => {},
  cancel: () => {},
  part: () => {},
};

/** A frame of that kind, with the length that it has or that it says it has. */
function frame(kind: number, body: readonly number[], says = body.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(kind);
  head.writeUInt32BE(says, 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

describe("batches of frames", () => {
  it("come out as they went in: all kinds, numbers to 2^53 - 1, metadata, across chunks and batches", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(written, { minLength: 1, maxLength: 12 }), { maxLength: 12 }),
        (batches) => {
          const writer = new BatchWriter();
          const taken = batches.map((frames) => {
            for (const each of frames) write(writer, each);
            expect(writer.length).toBeGreaterThan(0);
            const { bytes: batch } = writer.take();
            expect(writer.length).toBe(0);
            return batch;
          });
          // Read when all are written: none may lie where another has been.
          for (const [n, frames] of batches.entries())
            expect(read(batchOf(taken[n]!))).toEqual(frames.map(expected));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("hold one frame longer than a chunk", () => {
    const writer = new BatchWriter();
    const message = Buffer.alloc(200_000, 7);
    writer.cancel(1);
    writer.part(2, 300_000, message);
    writer.cancel(3);
    expect(read(batchOf(writer.take().bytes))).toEqual([
      ["cancel", 1],
      ["part", 2, 300_000, message.toString("hex")],
      ["cancel", 3],
    ]);
  });

  it("hold long messages as they are, and copies of short ones", () => {
    const writer = new BatchWriter();
    const [short, long] = [Buffer.alloc(100, 1), Buffer.alloc(4_096, 2)];
    for (const message of [short, long, short, long]) writer.call(1, 0, 0, [], message);
    writer.cancel(1);
    const { parts, bytes, length } = writer.take();
    expect(parts.map((part) => part === long)).toEqual([false, true, false, true, false]);
    expect(bytes).toHaveLength(length);
    expect(parts.some(({ buffer }) => buffer === short.buffer)).toBe(false);
  });

  it("pass over frames of kinds that are not known", () => {
    const known = frame(4, [9]);
    expect(read(Buffer.concat([frame(0, []), known, frame(200, [1, 2, 3]), known]))).toEqual([
      ["cancel", 9],
      ["cancel", 9],
    ]);
  });

  it("do not share memory with the metadata read from them, and do with the message", () => {
    const writer = new BatchWriter();
    writer.call(1, 0, 0, [["a-bin", Buffer.from("kept")]], Buffer.from("message"));
    const batch = batchOf(writer.take().bytes);
    let kept: Metadata | undefined;
    let message: Buffer | undefined;
    readBatch(batch, {
      call: (_id, _method, _timeoutMs, metadata, bytes) => {
        kept = metadata;
        message = bytes;
      },
    });
    batch.fill(0);
    expect(kept?.get("a-bin")).toEqual([Buffer.from("kept")]);
    expect(message).toEqual(Buffer.alloc(7));
  });
});

describe("bytes that are no batch", () => {
  const longNumber = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
  /** The key `x`. */
  const name = [120];

  it.each<[string, Buffer, string]>([
    ["a length cut off", Buffer.of(4, 0, 0), "a frame without its length"],
    ["a frame cut off", frame(4, [1], 5), "a frame of 5 bytes, of which 1 came"],
    ["a frame of 4 GB", frame(4, [1], 2 ** 32 - 1), "a frame of 4294967295 bytes, of which 1 came"],
    ["an empty frame", frame(4, []), "a number that the frame's end cuts off"],
    ["a number cut off", frame(4, [0x80]), "a number that the frame's end cuts off"],
    ["a number of eight bytes", frame(4, longNumber), "a number above 2^53 - 1"],
    ["a number that never ends", frame(4, Array(60).fill(0x80)), "a number above 2^53 - 1"],
    ["bytes behind the last field", frame(4, [1, 2, 3]), "2 bytes behind a frame's last field"],
    ["a key past the frame", frame(1, [1, 0, 0, 1, 99]), "a field of 99 bytes in a frame with 0 left"],
    [
      "a value past the frame",
      frame(1, [1, 0, 0, 1, 1, ...name, 9]),
      "a field of 9 bytes in a frame with 0 left",
    ],
    ["an empty key", frame(1, [1, 0, 0, 1, 0, 0]), "metadata with characters that are not allowed"],
    ["a key with a space", frame(1, [1, 0, 0, 1, 1, 32, 0]), "metadata with characters that are not allowed"],
    [
      "a line break in a value",
      frame(1, [1, 0, 0, 1, 1, ...name, 1, 10]),
      "metadata with characters that are not allowed",
    ],
    ["more pairs than a request has", frame(1, [1, 0, 0, 65]), "metadata of 65 pairs, above 64"],
    ["more pairs than an answer has", frame(2, [1, 0x81, 1]), "metadata of 129 pairs, above 128"],
    ["a trailer of more pairs", frame(3, [1, 2, 0, 0x81, 1]), "metadata of 129 pairs, above 128"],
    ["a reason past any", frame(3, [1, 2, 0x81, 0x40, 0]), "a reason of 8193 bytes, above 8192"],
  ])("are a violation: %s", (_, batch, message) => {
    expect(() => readBatch(batch, anyone)).toThrow(new LaneViolation(message));
  });

  it("are a violation when metadata is longer than a request's or an answer's, before it is kept", () => {
    const value = Buffer.alloc(300, "v");
    const many = [30, ...Array.from({ length: 30 }, () => [1, ...name, 0xac, 2, ...value]).flat()];
    expect(() => readBatch(frame(1, [1, 0, 0, ...many]), anyone)).toThrow("metadata of more than 8192 bytes");
    const writer = new BatchWriter();
    writer.error(1, 2, "", [["x", "v".repeat(66_000)]]);
    expect(() => readBatch(batchOf(writer.take().bytes), anyone)).toThrow(
      "metadata of more than 65536 bytes",
    );
  });

  it("are a violation when they are longer than any batch is", () => {
    const batch = Buffer.alloc(laneLimits.maxBatchBytes + 1);
    expect(() => readBatch(batch, anyone)).toThrow(
      new LaneViolation("a batch of 524289 bytes, above 524288"),
    );
  });

  it.each([
    [1, [1, 0, 0, 0], "call"],
    [2, [1, 0, 0], "reply"],
    [3, [1, 2, 0, 0], "error"],
    [4, [1], "cancel"],
    [5, [1, 9], "part"],
  ] as const)("are a violation when the other end alone may send the frame: kind %i", (kind, body, what) => {
    expect(() => readBatch(frame(kind, body), {})).toThrow(`a frame that the other end sends: ${what}`);
  });

  it("have handed over what stood before them", () => {
    const seen: number[] = [];
    const batch = Buffer.concat([frame(4, [1]), frame(4, [2]), Buffer.of(4)]);
    expect(() => readBatch(batch, { cancel: (each) => void seen.push(each) })).toThrow(LaneViolation);
    expect(seen).toEqual([1, 2]);
  });
});
