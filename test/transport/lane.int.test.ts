import { afterAll, describe, expect } from "vitest";
import { callContract } from "./contract.js";
import { grpc } from "./grpc.js";
import { overLanes, type LanesUnderTest } from "./over-lanes.js";

describe("lanes over gRPC", () => {
  const made: LanesUnderTest[] = [];
  callContract(() => {
    const lanes = overLanes(grpc);
    made.push(lanes);
    return lanes;
  });

  afterAll(() => {
    // Else this was a suite about plain calls.
    const carried = made.reduce((sum, lanes) => sum + lanes.carried, 0);
    expect(carried).toBeGreaterThan(20);
  });
});
