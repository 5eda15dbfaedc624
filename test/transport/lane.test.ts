import { afterAll, describe, expect } from "vitest";
import { callContract } from "./contract.js";
import { memory } from "./memory.js";
import { overLanes, type LanesUnderTest } from "./over-lanes.js";

describe("lanes over the memory transport", () => {
  const made: LanesUnderTest[] = [];
  callContract(() => {
    const lanes = overLanes(memory(0));
    made.push(lanes);
    return lanes;
  });

  afterAll(() => {
    // Else this was a suite about plain calls.
    const carried = made.reduce((sum, lanes) => sum + lanes.carried, 0);
    expect(carried).toBeGreaterThan(20);
  });
});
