import { describe, expect, it } from "vitest";
import { received } from "../fixtures/server-calls.js";
import { answer } from "../fixtures/fake-transport.js";
import { edge } from "./edge.js";

describe("the edge", () => {
  it("drops the lane and the key that a caller claims, and nothing else", async () => {
    const call = received();
    call.metadata.set("rollcall-lane", "canary");
    call.metadata.set("rollcall-key", "user-1");
    call.metadata.set("x-request-id", "1");
    await edge(async (seen) => {
      expect(seen.metadata.getMap()).toEqual({ "x-request-id": "1" });
      return answer();
    })(call);
  });

  it("believes a caller that has proved who it is", async () => {
    const call = received(undefined, { identity: "spiffe://shop.example/gateway" });
    call.metadata.set("rollcall-key", "user-1");
    await edge(async (seen) => {
      expect(seen.metadata.getMap()).toEqual({ "rollcall-key": "user-1" });
      return answer();
    })(call);
  });
});
