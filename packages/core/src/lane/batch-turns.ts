import { setImmediate } from "node:timers/promises";
import { readBatch, type FrameReceiver } from "./batch-reader.js";

/** So many frames are read in one turn of the event loop: what a connection has under way as a rule. */
const framesPerTurn = 64;

/**
 * Reads a batch over several turns of the event loop when it is long, so that other connections are not kept waiting by it,
 * and what its first frames lead to is on its way before the last are looked at.
 * @throws LaneViolation as `readBatch`
 */
export async function readInTurns(batch: Buffer, receiver: FrameReceiver): Promise<void> {
  for (let at = 0; ;) {
    at = readBatch(batch, receiver, at, framesPerTurn);
    if (at >= batch.length) return;
    await setImmediate();
  }
}
