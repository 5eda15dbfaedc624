import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatPercent,
  formatRate,
  parsePercent,
  parseRate,
  parseRatio,
  parseSteps,
  parseWeight,
} from "./share.js";

describe("shares", () => {
  it("reads percents with and without their sign", () => {
    expect(["0", "5", "5%", "0.5 %", "100"].map(parsePercent)).toEqual([0, 5, 5, 0.5, 100]);
  });

  it("reads rates exactly", () => {
    expect(["1%", "0.7%", "0.01", "100%", "0", "0 %"].map(parseRate)).toEqual([0.01, 0.007, 0.01, 1, 0, 0]);
  });

  it.each(["1", "2", "101%", "-1%", "%", "a", ""])("refuses the rate %j", (text) =>
    expect(() => parseRate(text)).toThrow("write it as 1% or 0.01"),
  );

  it.each(["", "-1", "101", "five", "1e1", "5%%", "Infinity"])("refuses the percent %j", (text) =>
    expect(() => parsePercent(text)).toThrow("is not a number from 0 to 100"),
  );

  it("reads steps that rise", () => {
    expect(parseSteps("1,5, 25%,100")).toEqual([1, 5, 25, 100]);
    for (const wrong of ["", "0,5", "5,5", "5,1", "1,101", "1,,2"]) expect(() => parseSteps(wrong)).toThrow();
  });

  it("reads weights and ratios within their bounds", () => {
    expect([parseWeight("30"), parseWeight("0.5"), parseRatio("1.5")]).toEqual([30, 0.5, 1.5]);
    for (const wrong of ["", "-1", "1000001", "x"]) expect(() => parseWeight(wrong)).toThrow("0 to 1000000");
    for (const wrong of ["", "0.9", "x"]) expect(() => parseRatio(wrong)).toThrow("1 to 1000");
  });

  it("writes percents as it reads them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (hundredths) => {
        expect(parsePercent(formatPercent(hundredths / 100))).toBe(hundredths / 100);
      }),
    );
  });

  it("writes rates with two decimals, and never a small one as none", () => {
    expect([0, 0.00001, 0.0012, 0.5, 1].map(formatRate)).toEqual([
      "0 %",
      "< 0.01 %",
      "0.12 %",
      "50 %",
      "100 %",
    ]);
  });
});
