import { simulate } from "@rollcall/testing/simulator";
import { describe, expect, it } from "vitest";
import { ordersFleet } from "./orders.js";

describe("a simulated rollout", () => {
  it("drops nothing in a rolling restart", async () => {
    await using simulation = await simulate({ ...ordersFleet, seed: 1 });
    await simulation.run(2_000);
    await simulation.fleet.rollingRestart();
    const { receipt, faults } = await simulation.finish();
    console.log(simulation.log.join("\n"));
    console.log(receipt.calls, receipt.ok, receipt.streams);
    expect(faults).toEqual([]);
    expect(receipt.dropped).toBe(0);
  });
});
