import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { batchIn } from "../fixtures/lane-ends.js";
import { EncodedMessage } from "../contract/codec.js";
import { FrameQueue } from "../link/frame-queue.js";
import { readBatch } from "./batch-reader.js";
import { LaneOutbox } from "./outbox.js";

const mostWaiting = 1 << 20;

function setup() {
  const queue = new FrameQueue();
  const outbox = new LaneOutbox(queue, mostWaiting);
  const reader = queue[Symbol.asyncIterator]();
  const cancel = (id: number, underWay = 0): void => {
    outbox.frames.cancel(id);
    outbox.written(underWay);
  };
  const part = (bytes: number): void => {
    outbox.frames.part(1, bytes, Buffer.alloc(bytes));
    outbox.written(0);
  };
  return { queue, outbox, reader, cancel, part };
}

/** The ids in a batch, or what else came. */
function idsIn({ value, done }: IteratorResult<unknown>): unknown {
  if (done) return "end";
  if (!(value instanceof EncodedMessage)) return value;
  const ids: number[] = [];
  readBatch(batchIn(value.bytes), { cancel: (id) => void ids.push(id), part: (id) => void ids.push(id) });
  return ids;
}

describe("the frames of a lane on their way out", () => {
  it.each([0, 64])("are one batch a turn, with %i calls under way", async (underWay) => {
    const { reader, cancel } = setup();
    const first = reader.next();
    for (const id of [1, 2, 3]) cancel(id, underWay);
    expect(idsIn(await first)).toEqual([1, 2, 3]);
    const second = reader.next();
    cancel(4, underWay);
    expect(idsIn(await second)).toEqual([4]);
  });

  it("wait for a reader that is not there, in batches as long as they may be", async () => {
    const { outbox, reader, part } = setup();
    const size = 40 << 10;
    for (let n = 0; n < 8; n++) part(size);
    await setImmediate();
    expect(outbox.batch).toBe(2);
    expect(idsIn(await reader.next())).toEqual([1, 1, 1, 1]);
    expect(idsIn(await reader.next())).toEqual([1, 1, 1, 1]);
  });

  it("are too many above a limit, until the reader has taken enough", async () => {
    const { outbox, reader, part } = setup();
    await outbox.room();
    for (let n = 0; n < 11; n++) {
      expect(outbox.isFull).toBe(false);
      part(100 << 10);
    }
    expect(outbox.isFull).toBe(true);
    let room = false;
    const waiting = outbox.room().then(() => (room = true));
    await setImmediate();
    expect(room).toBe(false);
    await reader.next();
    await waiting;
    expect(outbox.isFull).toBe(false);
  });

  it("count as sent when their batch has been taken, and not before", async () => {
    const { outbox, reader, cancel } = setup();
    const { batch } = outbox;
    cancel(1);
    expect(outbox.isSent(batch)).toBe(false);
    await reader.next();
    expect(outbox.isSent(batch)).toBe(true);
    expect(outbox.isSent(outbox.batch)).toBe(false);
  });

  it("still go out when the queue is closed, and then it ends", async () => {
    const { queue, reader, cancel } = setup();
    cancel(1, 64);
    queue.close();
    expect(idsIn(await reader.next())).toEqual([1]);
    expect(idsIn(await reader.next())).toBe("end");
  });

  it("are refilled when there is nothing else, however long that takes", async () => {
    const { outbox, reader, queue } = setup();
    let left = 200;
    outbox.refill = () => {
      if (left-- > 0) outbox.frames.part(left, 1, Buffer.of(1));
    };
    outbox.due(0);
    for (let n = 199; n >= 100; n--) expect(idsIn(await reader.next())).toEqual([n]);
    queue.close();
    for (let n = 99; n >= 0; n--) expect(idsIn(await reader.next())).toEqual([n]);
    expect(idsIn(await reader.next())).toBe("end");
  });
});

describe("frames of the link beside a lane", () => {
  it("do not wait for long answers, nor make them go out at once", async () => {
    const { outbox, reader, queue } = setup();
    // As 300 answers would be, of which each batch takes a part.
    let left = 300;
    outbox.refill = () => {
      if (left-- > 0) outbox.frames.part(1, 1 << 20, Buffer.alloc(1_000));
    };
    outbox.due(0);
    await reader.next();
    for (let id = 0; id < 100; id++) {
      expect(queue.push({ pong: { id } })).toBe(true);
      expect(idsIn(await reader.next())).toEqual({ pong: { id } });
    }
    expect(left).toBeGreaterThan(290);
    expect(queue.push({ laneClose: { lastId: 1 } })).toBe(true);
  });

  it("are 64 at most that nobody takes, whatever waits on the lane", () => {
    const { queue, part } = setup();
    for (let n = 0; n < 100; n++) part(64 << 10);
    for (let id = 0; id < 64; id++) expect(queue.push({ pong: { id } })).toBe(true);
    expect(queue.push({ pong: { id: 64 } })).toBe(false);
    expect(queue.pushLast({ drainAck: {} })).toBe(false);
  });

  it("come after what was written before, when that is asked for", async () => {
    const { queue, reader, cancel } = setup();
    cancel(1, 64);
    expect(queue.pushLast({ drainAck: {} })).toBe(true);
    cancel(2, 64);
    expect(idsIn(await reader.next())).toEqual([1]);
    expect(idsIn(await reader.next())).toEqual({ drainAck: {} });
    expect(idsIn(await reader.next())).toEqual([2]);
    queue.close();
    expect(queue.pushLast({ drainAck: {} })).toBe(false);
  });
});
