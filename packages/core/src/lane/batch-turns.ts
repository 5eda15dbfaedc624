import { setImmediate } from "node:timers/promises";
import { readBatch, type FrameReceiver } from "./batch-reader.js";

/** So many frames are read in one turn of the event loop. */
const framesPerTurn = 8;

/**
 * Reads a batch over several turns of the event loop when it is long: what the first frames lead to is on its way before the
 * last ones are looked at, so that both ends work at the same time, and neither is busy for long.
 * @throws LaneViolation as `readBatch`
 */
export async function readInTurns(batch: Buffer, receiver: FrameReceiver): Promise<void> {
  for (let at = 0; ;) {
    at = readBatch(batch, receiver, at, framesPerTurn);
    if (at >= batch.length) return;
    await setImmediate();
  }
}
