import { describe, expect, it } from "vitest";
import { instance } from "../fixtures/contracts.js";
import { answer, FakeConnection } from "../fixtures/fake-transport.js";
import { ClusterEndpoint, runOf } from "./endpoint.js";

function endpoint(weight: number, slowStart?: { fromMs: number; windowMs: number }): ClusterEndpoint {
  const record = instance("a", { weight });
  return new ClusterEndpoint(record, new FakeConnection(record, "ready", async () => answer()), slowStart);
}

describe("an endpoint's weight", () => {
  it("is the instance's without slow start", () => {
    expect(endpoint(40).weightAt(0)).toBe(40);
  });

  it("starts at 10 %, grows evenly and ends at all of it", () => {
    const starting = endpoint(200, { fromMs: 1_000, windowMs: 10_000 });
    const at = (ms: number): number => starting.weightAt(1_000 + ms);
    expect([0, 500, 1_000, 2_000, 5_000, 10_000, 60_000].map(at)).toEqual([20, 20, 20, 40, 100, 200, 200]);
  });

  it("follows what a policy makes of it, and stays 0 for one that waits", () => {
    const starting = endpoint(0, { fromMs: 0, windowMs: 10_000 });
    expect(starting.weightAt(5_000)).toBe(0);
    starting.weight = 10;
    expect(starting.weightAt(5_000)).toBe(5);
  });
});

it("tells runs of an instance apart by id, incarnation and address", () => {
  const runs = [
    instance("a"),
    instance("b"),
    instance("a", { incarnation: "2-b" }),
    instance("a", { address: "c:1" }),
  ];
  expect(new Set(runs.map(runOf)).size).toBe(4);
  expect(runOf(instance("a", { weight: 1, state: "draining" }))).toBe(runOf(instance("a")));
});
