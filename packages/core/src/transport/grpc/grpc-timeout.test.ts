import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatGrpcTimeout, parseGrpcTimeout } from "./grpc-timeout.js";

describe("a grpc-timeout", () => {
  it("is up to 8 digits and a unit", () => {
    expect(parseGrpcTimeout("1H")).toBe(3_600_000);
    expect(parseGrpcTimeout("2M")).toBe(120_000);
    expect(parseGrpcTimeout("3S")).toBe(3_000);
    expect(parseGrpcTimeout("00000004m")).toBe(4);
    expect(parseGrpcTimeout("500u")).toBe(0.5);
    expect(parseGrpcTimeout("1000n")).toBeCloseTo(0.001);
    expect(parseGrpcTimeout("99999999H")).toBe(99_999_999 * 3_600_000);
  });

  it("is nothing else, whatever is sent", () => {
    for (const text of ["", "1", "S", "-1S", "+1S", "1.5S", "1 S", " 1S", "1S\n", "123456789S", "1h", "١S"])
      expect(parseGrpcTimeout(text), text).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseGrpcTimeout(text);
        expect(ms === undefined).toBe(!/^\d{1,8}[HMSmun]$/.test(text) || text.endsWith("\n"));
      }),
    );
  });

  it("is written so that it is read as no less, and as little more as its 8 digits allow", () => {
    expect(formatGrpcTimeout(0.2)).toBe("1m");
    expect(formatGrpcTimeout(99_999_999)).toBe("99999999m");
    expect(formatGrpcTimeout(100_000_000)).toBe("100000S");
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 3e14, noNaN: true, noDefaultInfinity: true }), (ms) => {
        const read = parseGrpcTimeout(formatGrpcTimeout(ms))!;
        expect(read).toBeGreaterThanOrEqual(ms);
        expect(read - ms).toBeLessThanOrEqual(Math.max(1, ms / 1_000));
      }),
    );
  });
});
