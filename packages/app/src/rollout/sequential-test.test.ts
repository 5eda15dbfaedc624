import { seededRandom } from "../../../testing/src/app/seed.js";
import { describe, expect, it } from "vitest";
import { exceeds, upperBound } from "./sequential-test.js";

const alpha = 0.001;
const seed = 42;

/** Trials from one hit to the next: only there can a test against too many hits become true. */
function gap(random: () => number, share: number): number {
  return 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - share));
}

/** How many trials it takes, looking after each; undefined when `most` were not enough. */
function provenAfter(random: () => number, share: number, limit: number, most: number): number | undefined {
  let trials = 0;
  for (let hits = 1; ; hits++) {
    trials += gap(random, share);
    if (trials > most) return undefined;
    if (exceeds(hits, trials, limit, alpha)) return trials;
  }
}

describe("a test that is looked at all the time", () => {
  it.each([
    [0.01, 0.01],
    [0.001, 0.001],
    [0.2, 0.2],
    [0.005, 0.01],
  ])("is wrong about a share of %d with a limit of %d in one of 1,000 runs at most", (share, limit) => {
    const random = seededRandom(seed);
    let wrong = 0;
    for (let run = 0; run < 10_000; run++) {
      if (provenAfter(random, share, limit, 20 / share) !== undefined) wrong++;
    }
    expect(wrong).toBeLessThanOrEqual(10);
  });

  it("is as seldom wrong against what is known of the baseline, which moves", () => {
    const random = seededRandom(seed);
    const share = 0.05;
    let wrong = 0;
    for (let run = 0; run < 1_000; run++) {
      let [baselineTrials, baselineHits, trials, isWrong] = [gap(random, share), 0, 0, false];
      for (let hits = 1; hits <= 50 && !isWrong; hits++) {
        trials += gap(random, share);
        // The baseline gets four times the trials.
        for (; baselineTrials < 4 * trials; baselineHits++) baselineTrials += gap(random, share);
        isWrong = exceeds(hits, trials, upperBound(baselineHits, 4 * trials, alpha / 2), alpha / 2);
      }
      if (isWrong) wrong++;
    }
    expect(wrong).toBeLessThanOrEqual(1);
  });

  it("needs a handful of trials when all are hits", () => {
    expect(exceeds(1, 1, 0.01, alpha)).toBe(false);
    expect(exceeds(4, 4, 0.01, alpha)).toBe(true);
    expect(exceeds(1, 1, 0, alpha / 4)).toBe(false);
    expect(exceeds(2, 2, 0, alpha / 4)).toBe(true);
  });

  it.each([
    [0.5, 0.01, 60],
    [0.1, 0.01, 600],
    [0.02, 0.01, 12_000],
  ])("finds a share of %d above %d within %d trials", (share, limit, most) => {
    const random = seededRandom(seed);
    let found = 0;
    for (let run = 0; run < 200; run++) if (provenAfter(random, share, limit, most) !== undefined) found++;
    expect(found).toBeGreaterThan(190);
  });

  it("is never true at the limit, below it, or without trials", () => {
    for (const [hits, trials] of [
      [0, 0],
      [0, 1e9],
      [1e7, 1e9],
      [5, 1_000],
    ] as const)
      expect(exceeds(hits, trials, 0.01, alpha)).toBe(false);
    expect(exceeds(100, 100, 1, alpha)).toBe(false);
    expect(exceeds(1e15, 1e15, 0.01, alpha)).toBe(true);
  });
});

describe("the upper bound of a share", () => {
  it("is above the share that was seen, and comes closer", () => {
    let before = 1;
    for (const trials of [0, 10, 100, 1_000, 10_000, 1e6, 1e9]) {
      const bound = upperBound(trials / 100, trials, alpha);
      expect(bound).toBeLessThanOrEqual(before);
      expect(bound).toBeGreaterThan(0.01);
      before = bound;
    }
    expect(before).toBeLessThan(0.0101);
    expect(upperBound(0, 1_000, alpha)).toBeLessThan(0.02);
    expect(upperBound(10, 10, alpha)).toBe(1);
  });

  it("holds over all looks in all but one of 1,000 runs", () => {
    const random = seededRandom(seed);
    const share = 0.05;
    let wrong = 0;
    for (let run = 0; run < 2_000; run++) {
      let [hits, trials, held] = [0, 0, true];
      while (held && trials < 1_000) {
        const next = gap(random, share);
        trials += next;
        // It is lowest right before a hit.
        held = upperBound(hits, trials - 1, alpha) >= share;
        hits++;
      }
      if (!held) wrong++;
    }
    expect(wrong).toBeLessThanOrEqual(2);
  });
});
