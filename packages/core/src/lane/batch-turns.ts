import { setImmediate } from "node:timers/promises";
import { readBatch, type FrameReceiver } from "./batch-reader.js";

/**
 * So many frames are read at least in one turn of the event loop, and an eighth of the batch up to so many. Both ends work at
 * once then: what the first frames lead to is on its way, and at work at the other end, while the last are read. A batch
 * that is read whole is answered whole, and each end waits for the other in turn.
 */
const leastPerTurn = 8;
const mostPerTurn = 64;
const turnsPerBatch = 8;

/**
 * Reads a batch over several turns of the event loop when it is long. Other connections are not kept waiting by it either.
 * @returns undefined when all of it has been read
 * @throws LaneViolation as `readBatch`
 */
export function readInTurns(batch: Buffer, receiver: FrameReceiver): Promise<void> | undefined {
  const at = readTurn(batch, receiver, 0);
  return at < batch.length ? readRest(batch, receiver, at) : undefined;
}

async function readRest(batch: Buffer, receiver: FrameReceiver, from: number): Promise<void> {
  for (let at = from; at < batch.length;) {
    await setImmediate();
    at = readTurn(batch, receiver, at);
  }
}

function readTurn(batch: Buffer, receiver: FrameReceiver, from: number): number {
  const enough = from + batch.length / turnsPerBatch;
  let at = from;
  for (let frames = 0; frames < mostPerTurn && at < batch.length; frames += leastPerTurn) {
    at = readBatch(batch, receiver, at, leastPerTurn);
    if (at >= enough) break;
  }
  return at;
}
