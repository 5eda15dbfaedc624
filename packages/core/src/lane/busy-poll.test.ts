import { describe, expect, it } from "vitest";
import { BusyPoll } from "./busy-poll.js";

/** A poll of 200 us in an event loop whose turns take 10 us each and go on for as long as somebody keeps them going. */
function setup(busyPollUs = 200) {
  let us = 0;
  const next: (() => void)[] = [];
  const poll = new BusyPoll({
    busyPollUs,
    now: () => us / 1_000,
    nextTurn: (run) => void next.push(run),
  });
  /** So many turns, as far as there are any. Returns how many there were. */
  const turns = (most = Infinity): number => {
    let count = 0;
    for (; count < most && next.length > 0; count++) {
      us += 10;
      for (const run of next.splice(0)) run();
    }
    return count;
  };
  /** A wait in which nothing comes. Returns how many turns it was looked for. */
  const inVain = (): number => {
    poll.expect();
    const count = turns();
    poll.came();
    return count;
  };
  const found = (): number => {
    poll.expect();
    const count = turns(3);
    poll.came();
    return count + turns();
  };
  return { poll, turns, inVain, found, pending: () => next.length };
}

describe("a busy poll", () => {
  it("keeps the event loop awake until what is expected has come", () => {
    const { poll, turns, pending } = setup();
    poll.expect();
    expect(turns(5)).toBe(5);
    poll.came();
    expect(turns()).toBe(1);
    expect(pending()).toBe(0);
  });

  it("gives up after its time", () => {
    const { inVain } = setup();
    expect(inVain()).toBe(20);
  });

  it("is one, however often something is expected, and however soon after the last", () => {
    const { poll, turns, pending } = setup();
    for (let n = 0; n < 5; n++) poll.expect();
    expect(pending()).toBe(1);
    turns(2);
    for (let n = 0; n < 5; n++) {
      poll.came();
      poll.expect();
    }
    expect(pending()).toBe(1);
    // From the last of them on.
    expect(turns()).toBe(20);
  });

  it("never looks with a time of 0", () => {
    const { inVain, found } = setup(0);
    expect(inVain() + found()).toBe(0);
  });

  it("does nothing when something comes that nobody expected", () => {
    const { poll, pending } = setup();
    poll.came();
    expect(pending()).toBe(0);
  });

  it("lets twice as many chances go after each look in vain, and costs one look in 1,024 in the end", () => {
    const { inVain } = setup();
    const looks: number[] = [];
    for (let chance = 0; chance < 10_000; chance++) if (inVain() > 0) looks.push(chance);
    const gaps = looks.map((each, n) => each - (looks[n - 1] ?? -1));
    expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, ...gaps.slice(11)]);
    expect(new Set(gaps.slice(11))).toEqual(new Set([1_024]));
  });

  it("looks at every chance as long as something is found, and soon again when it is found at last", () => {
    const { inVain, found } = setup();
    for (let n = 0; n < 100; n++) expect(found()).toBe(4);
    for (let n = 0; n < 5_000; n++) inVain();
    let passed = 0;
    while (found() === 0) passed++;
    expect(passed).toBeLessThan(1_024);
    for (let n = 0; n < 9; n++) expect(found()).toBe(4);
    // The memory of all those is gone: one look in vain costs one chance.
    expect(inVain()).toBe(20);
    expect(found()).toBe(0);
    expect(found()).toBe(4);
  });
});
