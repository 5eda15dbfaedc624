import { describe, expect, it } from "vitest";
import { percentile, spreadOf } from "./spread.js";

describe("a spread", () => {
  it("has the middle, the least and the most, in whatever order they came", () => {
    expect(spreadOf([30, 10, 20])).toEqual({ median: 20, min: 10, max: 30 });
  });

  it("takes the mean of the two in the middle", () => {
    expect(spreadOf([4, 1, 3, 100])).toEqual({ median: 3.5, min: 1, max: 100 });
  });

  it("orders by value, not by text", () => {
    expect(spreadOf([9, 10, 100]).median).toBe(10);
  });

  it("is not made of nothing", () => {
    expect(() => spreadOf([])).toThrow("no values");
  });
});

describe("a percentile", () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);

  it("is the value that so many do not exceed", () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([7], 0.5)).toBe(7);
    expect(percentile([7], 0)).toBe(7);
  });

  it("is not taken of nothing", () => {
    expect(() => percentile([], 0.5)).toThrow("no values");
  });
});
