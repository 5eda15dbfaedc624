import { Metadata } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { chooseSeed, seededRandom } from "../../../testing/src/app/seed.js";
import { batchOf } from "../fixtures/lane-ends.js";
import { readBatch, type FrameReceiver } from "./batch-reader.js";
import { FrameKind, LaneViolation } from "./lane-protocol.js";
import { pairsOf, type MetadataPairs } from "./metadata-pairs.js";

// A million, as in .ci/run, take a quarter of a minute. ROLLCALL_TEST_SEED repeats a run.
const runs = Number(process.env["ROLLCALL_FUZZ_RUNS"] ?? 100_000);
const seed = chooseSeed(undefined);

const random = seededRandom(seed);
const below = (most: number): number => Math.floor(random() * most);
const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)));

function metadata(): MetadataPairs {
  const made = new Metadata();
  for (let n = below(4); n > 0; n--) {
    made.add(`k${below(3)}`, "v".repeat(below(20)));
    made.add(`b${below(3)}-bin`, bytes(below(20)));
  }
  return pairsOf(made);
}

/** One of a thousand valid batches; a batch is written anew for few of the runs, which would take most of their time. */
const valid = Array.from({ length: 1_000 }, () =>
  batchOf((frames) => {
    for (let n = 1 + below(5); n > 0; n--) {
      const id = below(2 ** 40);
      const kind = below(5);
      if (kind === 0) frames.call(id, below(200), below(60_000), metadata(), bytes(below(60)));
      else if (kind === 1) frames.reply(id, metadata(), metadata(), bytes(below(60)));
      else if (kind === 2) frames.error(id, below(17), "r".repeat(below(60)), metadata());
      else if (kind === 3) frames.cancel(id);
      else frames.part(id, below(1 << 22), bytes(below(60)));
    }
  }),
);

const extremes = [0, 1, 0x7f, 0x80, 0xff];

/** A copy with some bytes changed, left out, doubled or cut off. */
function mutated(batch: Buffer): Buffer {
  let result = Buffer.from(batch);
  for (let n = below(4); n >= 0; n--) {
    const at = below(result.length);
    const how = below(6);
    if (result.length === 0) return result;
    if (how === 0) result[at] = below(256);
    else if (how === 1) result[at] = extremes[below(extremes.length)]!;
    else if (how === 2) result[at] = result[at]! ^ (1 << below(8));
    else if (how === 3) result = result.subarray(0, at);
    else if (how === 4) result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1 + below(4))]);
    else result = Buffer.concat([result.subarray(0, at), result.subarray(below(at + 1))]);
  }
  return result;
}

/** Bytes of which the first at least is the kind of a frame. */
function noise(): Buffer {
  const batch = bytes(below(64));
  if (batch.length > 5 && below(2) === 0) {
    batch[0] = 1 + below(Object.keys(FrameKind).length);
    batch.writeUInt32BE(below(batch.length), 1);
  }
  return batch;
}

it(`takes or refuses whatever comes, ${runs} inputs, in bounded memory`, { timeout: 600_000 }, () => {
  console.info(`ROLLCALL_TEST_SEED=${seed} repeats these inputs`);
  let frames = 0;
  let given = 0;
  let allowed = 0;
  const seen = (...of: readonly Buffer[]): void => {
    frames++;
    for (const each of of) given += each.length;
  };
  const sizes = (...of: readonly Metadata[]): number =>
    of.flatMap((each) => Object.values(each.toJSON()).flat()).reduce((sum, { length }) => sum + length, 0);
  const receiver: Required<FrameReceiver> = {
    call: (_id, _method, _timeoutMs, of, message) => {
      seen(message);
      given += sizes(of);
    },
    reply: (_id, header, trailer, message) => {
      seen(message);
      given += sizes(header, trailer);
    },
    error: (_id, _code, reason, trailer) => {
      seen();
      given += sizes(trailer);
      // A byte that is no UTF-8 is read as one character.
      given += reason.length;
    },
    cancel: () => seen(),
    part: (_id, _total, message) => seen(message),
  };
  let refused = 0;
  for (let run = 0; run < runs; run++) {
    const batch = run % 4 === 0 ? noise() : mutated(valid[below(valid.length)]!);
    // Fields lie side by side, and a byte becomes no more than one character.
    allowed += batch.length;
    try {
      readBatch(batch, receiver);
    } catch (error) {
      if (!(error instanceof LaneViolation))
        throw new Error(`seed ${seed}, run ${run}: ${batch.toString("hex")}`, { cause: error });
      refused++;
    }
  }
  expect(given).toBeLessThan(allowed);
  // Else it would have tried one half only of what can happen.
  expect(refused).toBeGreaterThan(runs / 10);
  expect(refused).toBeLessThan(runs - runs / 10);
  expect(frames).toBeGreaterThan(runs / 10);
});
