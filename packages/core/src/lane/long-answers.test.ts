import { describe, expect, it } from "vitest";
import { TakenOutbox } from "../fixtures/lane-ends.js";
import { laneLimits } from "./lane-protocol.js";
import type { MetadataPairs } from "./metadata-pairs.js";
import { LongAnswers } from "./long-answers.js";

const none: MetadataPairs = [];
const { partBytes } = laneLimits;

function setup() {
  const taken = new TakenOutbox(laneLimits.maxWaitingResponseBytes);
  const answers = new LongAnswers(taken.outbox);
  const add = (id: number, parts: number): void => {
    const message = Buffer.alloc(parts * partBytes, id);
    answers.add(id, message, (rest) => taken.outbox.frames.reply(id, none, none, rest));
  };
  /** The next batch: kinds and ids. */
  const next = (): unknown => taken.take()?.map(([kind, id]) => [kind, id]);
  /** The ids of the parts in the order in which they go out. */
  const order = (): number[] => taken.takeAll().map(([, id]) => id);
  return { taken, answers, add, next, order };
}

describe("long answers", () => {
  it("go out in turns, one part each, the last part with the reply", () => {
    const { add, taken } = setup();
    add(1, 3);
    add(2, 2);
    add(3, 1);
    expect(taken.takeAll().map(([kind, id]) => [kind, id])).toEqual([
      ["part", 1],
      ["part", 2],
      ["reply", 3],
      ["part", 1],
      ["reply", 2],
      ["reply", 1],
    ]);
  });

  it("let in what is short, and what comes later, between two of their parts", () => {
    const { add, taken, next, order } = setup();
    add(1, 3);
    expect(next()).toEqual([["part", 1]]);
    taken.outbox.frames.reply(7, none, none, Buffer.of(1));
    add(2, 2);
    expect(next()).toEqual([
      ["reply", 7],
      ["part", 1],
    ]);
    expect(order()).toEqual([2, 1, 2]);
  });

  it("make each batch no longer than one part, so that what comes next waits for no more", () => {
    const { add, taken } = setup();
    for (let id = 1; id <= 50; id++) add(id, 4);
    for (let batch = taken.take(); batch; batch = taken.take()) expect(batch).toHaveLength(1);
  });

  it("end where they are removed or cleared", () => {
    const { add, answers, next, order, taken } = setup();
    for (const id of [1, 2, 3]) add(id, 2);
    taken.take();
    answers.remove(1);
    answers.remove(99);
    expect([1, 2].map((id) => answers.has(id))).toEqual([false, true]);
    expect(next()).toEqual([["part", 2]]);
    answers.remove(2);
    expect(order()).toEqual([3, 3]);
    add(4, 2);
    answers.clear();
    expect(order()).toEqual([]);
  });
});
