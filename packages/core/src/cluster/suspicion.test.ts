import { expect, it } from "vitest";
import type { ClusterEndpoint } from "./endpoint.js";
import { suspects } from "./suspicion.js";

const doubted = (before: number, vanished: number): boolean =>
  suspects(
    before,
    Array.from({ length: vanished }, () => ({}) as ClusterEndpoint),
  ).length > 0;

it("believes that one instance, or 15 %, are gone", () => {
  expect(doubted(2, 1)).toBe(false);
  expect(doubted(20, 3)).toBe(false);
  expect(doubted(100, 15)).toBe(false);
});

it("doubts that more than max(1, 15 %) are gone at once", () => {
  expect(doubted(3, 2)).toBe(true);
  expect(doubted(13, 2)).toBe(true);
  expect(doubted(20, 4)).toBe(true);
  expect(doubted(100, 16)).toBe(true);
});

it("doubts that the last one is gone", () => {
  expect(doubted(1, 1)).toBe(true);
  expect(doubted(2, 2)).toBe(true);
});

it("has nobody to doubt when nobody vanished", () => {
  expect(doubted(0, 0)).toBe(false);
  expect(doubted(5, 0)).toBe(false);
});
