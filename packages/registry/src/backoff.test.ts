import { expect, test } from "vitest";
import { createBackoff } from "./backoff.js";

test("draws from a range that doubles up to its limit and starts over after a reset", () => {
  const backoff = createBackoff({ firstMs: 100, longestMs: 500, random: () => 0.5 });
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([50, 100, 200, 250, 250]);
  backoff.reset();
  expect(backoff.next()).toBe(50);
});

test("spreads over the whole range", () => {
  const draws = [0, 0.25, 0.999];
  const backoff = createBackoff({ firstMs: 1000, longestMs: 1000, random: () => draws.shift() ?? 0 });
  expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([0, 250, 999]);
});
