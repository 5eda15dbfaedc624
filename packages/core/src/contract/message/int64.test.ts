import * as fc from "fast-check";
import { expect, it } from "vitest";
import { high, Long, low, signedDecimal, splitInt64, unsignedDecimal } from "./int64.js";

const halves = fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff));

it("writes 64 bits as the decimal that BigInt writes", () => {
  fc.assert(
    fc.property(halves, ([lower, upper]) => {
      const bits = (BigInt(upper) << 32n) | BigInt(lower);
      expect(unsignedDecimal(lower, upper)).toBe(String(bits));
      expect(signedDecimal(lower, upper)).toBe(String(BigInt.asIntN(64, bits)));
    }),
  );
});

it.each([
  [0, 0, "0"],
  [0, 0x8000_0000, "-9223372036854775808"],
  [0xffff_ffff, 0x7fff_ffff, "9223372036854775807"],
  [0xffff_ffff, 0xffff_ffff, "-1"],
  [0, 0xffff_ffff, "-4294967296"],
  [0xffff_ffff, 0x1f_ffff, "9007199254740991"],
  [0, 0x20_0000, "9007199254740992"],
])("writes the halves %i and %i as %s", (lower, upper, decimal) => {
  expect(signedDecimal(lower, upper)).toBe(decimal);
});

it("splits what users give as Long does", () => {
  const decimals = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
  const given = fc.oneof(
    decimals,
    decimals.map(String),
    fc.integer(),
    fc.double(),
    fc.stringMatching(/^-?[0-9a]{1,22}$/),
    fc.constantFrom<unknown>("-0", "007", "NaN", -0, NaN, Infinity, 2 ** 53, 2 ** 64, -(2 ** 63), {
      low: 1,
      high: -2,
    }),
  );
  fc.assert(
    fc.property(given, fc.boolean(), (value, unsigned) => {
      const long = Long.fromValue(value, unsigned);
      splitInt64(value, unsigned);
      expect([low, high]).toEqual([long.low >>> 0, long.high >>> 0]);
    }),
    { numRuns: 2_000 },
  );
});

it.each([[null], [undefined], [""], ["1-2"]])("refuses %j, as Long does", (value) => {
  expect(() => Long.fromValue(value, false)).toThrow();
  expect(() => splitInt64(value, false)).toThrow();
});
