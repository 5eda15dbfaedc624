import { checkSchedules, replay, type SimulateOptions } from "@rollcall/testing/simulator";
import { describe, expect, it } from "vitest";
import { Orders } from "../fixtures/gen/shop/v1/shop.js";
import { ordersFleet } from "./orders.js";

/** The same thousand each time, so that a change is judged by what it changed; others by ROLLCALL_SIM_SEED. */
const seed = Number(process.env["ROLLCALL_SIM_SEED"] ?? 1);
const runs = Number(process.env["ROLLCALL_SIM_RUNS"] ?? 1_000);
const steps = Number(process.env["ROLLCALL_SIM_STEPS"] ?? 6);

/** What the steps of these schedules that begin a release have in common. */
const canary = { do: "canary", afterMs: 0, intervalMs: 0, minSamples: 15, delayMs: 0 } as const;

/** A caller of what may be repeated alone. */
const reads: Pick<SimulateOptions, "version" | "workload"> = {
  version: "1.4.0",
  workload(caller) {
    const orders = caller.client(Orders);
    return { ratePerSecond: 20, call: (n) => orders.get({ id: `${n}` }) };
  },
};

describe("random schedules with releases", () => {
  it("find nothing wrong with a fleet of the real code", { timeout: 600_000 }, async () => {
    const checked = await checkSchedules({ ...ordersFleet, seed, runs, steps, canaries: true });
    expect(checked.runs).toBe(runs);
  });

  it("excuse a call that waited for the only stable instance, which hung, beside a closed canary", async () => {
    const { faults } = await replay({
      ...ordersFleet,
      seed: 1943576633,
      steps: [
        { ...canary, instances: 1, steps: [100], failPercent: 60, code: 13 },
        { afterMs: 1120, do: "retire" },
        { afterMs: 1446, do: "hang", instance: 0, ms: 6858 },
        { afterMs: 0, do: "scale", to: 1 },
      ],
    });
    expect(faults).toEqual([]);
  });

  it("excuse a rollout that does not end when the version before it fails as often", async () => {
    const sick = { ...canary, instances: 1, failPercent: 60, code: 13 } as const;
    const { faults, log } = await replay({
      ...ordersFleet,
      seed: 2113738698,
      steps: [
        { ...sick, steps: [100] },
        { afterMs: 10, do: "promote" },
        { ...sick, afterMs: 4, steps: [50] },
      ],
    });
    expect(faults).toEqual([]);
    expect(log.filter((line) => line.includes("abort"))).toEqual([]);
  });

  it("excuse a call on a killed instance that was not repeated because a sick canary had spent the retry budget", async () => {
    const { faults, log } = await replay({
      ...ordersFleet,
      ...reads,
      seed: 2147483617,
      steps: [
        { ...canary, instances: 2, steps: [30, 100], failPercent: 100, code: 14 },
        { afterMs: 2301, do: "kill", instance: 0, downMs: 1 },
      ],
    });
    expect(faults).toEqual([]);
    expect(
      log.filter((line) => /dropped after 1 .* at orders-1: .*connection dropped/.test(line)),
    ).toHaveLength(1);
  });

  it("excuse a call that waited for the only stable instance, which hung, though another was promoted later", async () => {
    const { faults, log } = await replay({
      ...ordersFleet,
      ...reads,
      seed: 16,
      steps: [
        { ...canary, instances: 1, steps: [20, 50, 100], failPercent: 0, code: 13 },
        { afterMs: 0, do: "scale", to: 1 },
        { afterMs: 0, do: "hang", instance: 0, ms: 5447 },
      ],
    });
    expect(faults).toEqual([]);
    expect(log).toContainEqual(expect.stringMatching(/: promoted: /));
    expect(log).toContainEqual(expect.stringMatching(/dropped after 0 attempts: .* in subset "stable"/));
  });
});
