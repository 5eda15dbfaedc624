import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { batchOf } from "../fixtures/lane-ends.js";
import { readInTurns } from "./batch-turns.js";
import { LaneViolation } from "./lane-protocol.js";

it("a long batch is read over several turns of the event loop, in its order, and a short one at once", async () => {
  const seen: number[] = [];
  const receiver = { cancel: (id: number) => void seen.push(id) };
  const batch = batchOf((frames) => {
    for (let id = 0; id < 200; id++) frames.cancel(id);
  });
  const reading = readInTurns(batch, receiver);
  const turns = [seen.length];
  while (seen.length < 200) {
    await setImmediate();
    turns.push(seen.length);
  }
  await reading;
  expect(turns.length).toBeGreaterThan(2);
  expect(seen).toEqual(Array.from({ length: 200 }, (_, id) => id));
  void readInTurns(
    batchOf((frames) => frames.cancel(200)),
    receiver,
  );
  expect(seen.at(-1)).toBe(200);
});

it.each([
  [8, 1],
  [64, 8],
  [512, 8],
  [5_120, 80],
])("a batch of %i frames is read in %i turns", async (count, turns) => {
  let seen = 0;
  const batch = batchOf((frames) => {
    // Ids of one length.
    for (let n = 0; n < count; n++) frames.cancel(10_000);
  });
  let turn = 0;
  const reading = readInTurns(batch, { cancel: () => void seen++ });
  for (turn = 1; seen < count; turn++) await setImmediate();
  await reading;
  expect(turn).toBe(turns);
});

it("a violation ends the reading, wherever it stands", async () => {
  const batch = batchOf((frames) => {
    for (let id = 0; id < 100; id++) frames.cancel(id);
  });
  const seen: number[] = [];
  const cut = batch.subarray(0, batch.length - 1);
  await expect(readInTurns(cut, { cancel: (id) => void seen.push(id) })).rejects.toThrow(LaneViolation);
  expect(seen).toHaveLength(99);
});
