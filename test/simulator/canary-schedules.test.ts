import { checkSchedules } from "@rollcall/testing/simulator";
import { describe, expect, it } from "vitest";
import { ordersFleet } from "./orders.js";

const runs = Number(process.env["ROLLCALL_SIM_RUNS"] ?? 1_000);
const steps = Number(process.env["ROLLCALL_SIM_STEPS"] ?? 6);

describe("random schedules with releases", () => {
  it("find nothing wrong with a fleet of the real code", { timeout: 600_000 }, async () => {
    const checked = await checkSchedules({ ...ordersFleet, runs, steps, canaries: true });
    expect(checked.runs).toBe(runs);
  });
});
