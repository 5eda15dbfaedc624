import { describe, expect, it } from "vitest";
import { chooseSeed, seededRandom } from "./seed.js";

describe("a seed", () => {
  it("is the one given, else the variable's, else a new one", () => {
    expect(chooseSeed(7, { ROLLCALL_TEST_SEED: "8" })).toBe(7);
    expect(chooseSeed(undefined, { ROLLCALL_TEST_SEED: " 8 " })).toBe(8);
    expect(chooseSeed(undefined, { ROLLCALL_TEST_SEED: "" })).not.toBe(chooseSeed(undefined, {}));
  });

  it("is a whole number of 32 bits", () => {
    for (const seed of [-1, 0.5, 2 ** 32, Number.NaN])
      expect(() => chooseSeed(seed)).toThrow(`option seed is ${seed}; allowed: a whole number`);
    expect(() => chooseSeed(undefined, { ROLLCALL_TEST_SEED: "x" })).toThrow('ROLLCALL_TEST_SEED is "x"');
  });

  it("gives the same numbers from 0 up to 1 again, evenly", () => {
    const numbers = Array.from({ length: 10_000 }, seededRandom(7));
    expect(Array.from({ length: 10_000 }, seededRandom(7))).toEqual(numbers);
    expect(numbers.every((each) => each >= 0 && each < 1)).toBe(true);
    expect(numbers.reduce((sum, each) => sum + each) / numbers.length).toBeCloseTo(0.5, 1);
    expect(Array.from({ length: 3 }, seededRandom(8))).not.toEqual(numbers.slice(0, 3));
  });
});
