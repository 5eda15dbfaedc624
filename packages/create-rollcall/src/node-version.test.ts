import { expect, it } from "vitest";
import { nodeFault } from "./node-version.js";

it.each(["22.12.0", "22.13.1", "24.0.0", "25.1.0-nightly"])("takes Node %s", (version) => {
  expect(nodeFault(version)).toBeUndefined();
});

it.each(["22.11.9", "20.19.5", "18.0.0", "nonsense"])("says that Node %s is not enough", (version) => {
  expect(nodeFault(version)).toBe(`Rollcall needs Node 22.12 or newer; this is ${version}`);
});
