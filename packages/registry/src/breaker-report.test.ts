import type { BreakerReport } from "@rollcall/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { breakerReports } from "./breaker-report.js";

const report: BreakerReport = {
  caller: "c1",
  app: "checkout",
  breakers: [{ method: "a.B/C", subset: "stable", state: "half-open", since: 5, calls: 20, failures: 10 }],
};
const decode = (document: unknown): object =>
  breakerReports.decode(
    "c1",
    Buffer.from(typeof document === "string" ? document : JSON.stringify(document)),
  );

test("a report of breakers is read as it was written", () => {
  expect(decode(breakerReports.encode(report))).toEqual({ report });
  expect(decode({ ...report, breakers: [] })).toEqual({ report: { ...report, breakers: [] } });
});

test.each([
  ["{", "is not JSON in UTF-8"],
  ["[]", "Invalid input: expected object, received array"],
  [{ ...report, caller: "c2" }, "is of another caller than its key says"],
  [{ ...report, app: "\u0007" }, "app: has control characters"],
  [{ ...report, breakers: {} }, "breakers: Invalid input: expected array, received object"],
  [
    { ...report, breakers: [{ ...report.breakers[0], failures: 21 }] },
    "breakers[0]: has more failures than calls",
  ],
  [
    { ...report, breakers: [{ ...report.breakers[0], since: 1e16 }] },
    "breakers[0].since: is 10000000000000000;",
  ],
  [{ ...report, breakers: Array.from({ length: 101 }, () => report.breakers[0]) }, "breakers: Too big"],
  ["x".repeat(100_000), "has 100000 bytes, more than 65536"],
])("one like %j is left out, and why is said", (document, rejected) => {
  expect(decode(document)).toEqual({ rejected: expect.stringContaining(rejected) as string });
});

test("anything at all is read or left out, and nothing throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      const decoded = decode(text);
      expect("report" in decoded || "rejected" in decoded).toBe(true);
    }),
  );
});
