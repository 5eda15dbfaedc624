import { describe, expect, it } from "vitest";
import { BusyPoll } from "./busy-poll.js";

/** Turns of the event loop for each that a poll may take. */
const looking = 16;

/** A poll in an event loop whose turns take 1/64 ms each and go on for as long as somebody keeps them going. */
function setup(busyPollUs = (looking * 1_000) / 64) {
  let ms = 0;
  const next: (() => void)[] = [];
  const poll = new BusyPoll({
    busyPollUs,
    now: () => ms,
    nextTurn: (run) => void next.push(run),
  });
  /** So many turns, as far as there are any. Returns how many there were. */
  const turns = (most = Infinity): number => {
    let count = 0;
    for (; count < most && next.length > 0; count++) {
      ms += 1 / 64;
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
    expect(inVain()).toBe(looking);
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
    expect(turns()).toBe(looking);
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

  it("takes one chance in 256 when four looks were in vain", () => {
    const { inVain } = setup();
    const looks: number[] = [];
    for (let chance = 0; chance < 2_000; chance++) if (inVain() > 0) looks.push(chance);
    const gaps = looks.map((each, n) => each - (looks[n - 1] ?? -1));
    expect(gaps).toEqual([1, 1, 1, 1, 256, 256, 256, 256, 256, 256, 256]);
  });

  it("looks at every chance as long as it finds something as often as not", () => {
    const { inVain, found } = setup();
    for (let n = 0; n < 100; n++) expect(found()).toBe(4);
    for (let n = 0; n < 100; n++) expect([inVain(), found()]).toEqual([looking, 4]);
  });

  it("looks 32 times in vain at most, and soon again when it finds something", () => {
    const { inVain, found } = setup();
    for (let n = 0; n < 100; n++) found();
    for (let n = 0; n < 32; n++) expect(inVain()).toBe(looking);
    expect(inVain()).toBe(0);
    let passed = 0;
    while (found() === 0) passed++;
    expect(passed).toBe(254);
    for (let n = 0; n < 9; n++) expect(found()).toBe(4);
    expect(inVain()).toBe(looking);
    expect(found()).toBe(4);
  });
});
