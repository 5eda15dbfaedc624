import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration, roughDuration } from "./duration.js";

describe("a duration", () => {
  it.each([
    ["500ms", 500],
    ["60s", 60_000],
    ["2m", 120_000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["2 d", 172_800_000],
    ["0s", 0],
  ])("reads %s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["", "60", "s", "-1s", "1 week", "1e3s", "NaNs", "1s garbage", "99999999999999999d"])(
    "refuses %j and says how to write one",
    (text) => expect(() => parseDuration(text)).toThrow(/500ms, 60s, 2m, 1h/),
  );

  it("is read back as it was written", () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it("reads any text as a duration or refuses it", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        let ms = 0;
        try {
          ms = parseDuration(text);
        } catch (error) {
          expect((error as Error).name).toBe("ConfigError");
          return;
        }
        expect(Number.isSafeInteger(ms) && ms >= 0).toBe(true);
      }),
    );
  });

  it("shows two units at a glance", () => {
    expect([0, 12, 999, 1499, 61_000, 3_723_000, 90_061_000].map(roughDuration)).toEqual([
      "0s",
      "12ms",
      "999ms",
      "1s",
      "1m1s",
      "1h2m",
      "1d1h",
    ]);
  });
});
