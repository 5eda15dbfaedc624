import { expect, test } from "vitest";
import { isNewer } from "./incarnation.js";

test.each([
  { theirs: "2-a", ours: "1-b", newer: true },
  { theirs: "10-a", ours: "9-a", newer: true },
  { theirs: "1-b", ours: "2-a", newer: false },
  { theirs: "1-a", ours: "1-a", newer: false },
  { theirs: "1-b", ours: "1-a", newer: true },
  { theirs: "1-a", ours: "1-b", newer: false },
  { theirs: "", ours: "1-a", newer: false },
  { theirs: "zzz", ours: "1-a", newer: false },
  { theirs: "1-a", ours: "", newer: true },
])("$theirs against $ours: $newer", ({ theirs, ours, newer }) => {
  expect(isNewer(theirs, ours)).toBe(newer);
});
