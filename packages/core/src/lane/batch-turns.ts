import { setImmediate } from "node:timers/promises";
import { readBatch, type FrameReceiver } from "./batch-reader.js";

/** So many frames are read in one turn of the event loop: what a connection has under way as a rule. */
const framesPerTurn = 64;

/**
 * Reads a batch over several turns of the event loop when it is long, so that other connections are not kept waiting by it,
 * and what its first frames lead to is on its way before the last are looked at.
 * @returns undefined when all of it has been read
 * @throws LaneViolation as `readBatch`
 */
export function readInTurns(batch: Buffer, receiver: FrameReceiver): Promise<void> | undefined {
  const at = readBatch(batch, receiver, 0, framesPerTurn);
  return at < batch.length ? readRest(batch, receiver, at) : undefined;
}

async function readRest(batch: Buffer, receiver: FrameReceiver, from: number): Promise<void> {
  for (let at = from; at < batch.length;) {
    await setImmediate();
    at = readBatch(batch, receiver, at, framesPerTurn);
  }
}
