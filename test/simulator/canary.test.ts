import { Code, ConfigError } from "@rollcall/app";
import { replay, simulate, type SimulateOptions } from "@rollcall/testing/simulator";
import { describe, expect, it } from "vitest";
import { ordersFleet } from "./orders.js";

/** Registry leases that end within a test's time. */
const options: SimulateOptions = { ...ordersFleet, registry: { ttlMs: 3_000 } };

describe("a simulated release", () => {
  it("promotes a healthy version step by step, and drops nothing while the fleet restarts", async () => {
    await using simulation = await simulate({ ...options, seed: 4 });
    const { fleet } = simulation;
    const canary = await fleet.canary({ instances: 2, steps: [20, 100] });
    expect(fleet.policy()).toMatchObject({
      gen: 1,
      stable: "1.0.0",
      rules: [{ to: { version: "2.0.0" }, percent: 20 }],
    });
    expect(canary.outcome).toMatchObject({ state: "running", percent: 20, by: "operator" });
    await fleet.rollingRestart();
    expect(await canary.ended()).toMatchObject({ state: "promoted", percent: 100 });
    expect(fleet.policy()).toMatchObject({ stable: "2.0.0", rules: [] });
    const versions = simulation.registry.instances.map(({ version, track, weight }) => [
      version,
      track,
      weight,
    ]);
    expect(versions.filter(([version]) => version === "2.0.0")).toEqual(
      Array.from({ length: 2 }, () => ["2.0.0", "canary", 0]),
    );
    await fleet.retire("1.0.0");
    await fleet.scale(3);
    expect(new Set(simulation.registry.instances.map(({ version }) => version))).toEqual(new Set(["2.0.0"]));
    const { receipt } = await simulation.check();
    expect(receipt.dropped).toBe(0);
  });

  it("aborts a version that fails its calls, and sends it nothing from then on", async () => {
    await using simulation = await simulate({ ...options, seed: 5 });
    const { fleet } = simulation;
    const canary = await fleet.canary({ sick: { failureRate: 0.6 }, steps: [30, 100] });
    const outcome = await canary.ended();
    expect(outcome).toMatchObject({ state: "aborted", percent: 0 });
    expect(outcome.reason).toMatch(/attempts on 2\.0\.0 failed/);
    await simulation.run(500);
    const failed = fleet.receipt().dropped;
    expect(failed).toBeGreaterThan(0);
    await simulation.run(10_000);
    await fleet.retire("2.0.0");
    const { receipt } = await simulation.check();
    expect(receipt.dropped).toBe(failed);
    expect(receipt.perInstance["orders-2.0.0-1"]?.dropped).toBe(failed);
  });

  it("aborts a version that is slow when latency is compared, and one whose failures retries repair", async () => {
    for (const sick of [{ delayMs: 500 }, { failureRate: 0.6, code: Code.Unavailable }]) {
      await using simulation = await simulate({ ...options, seed: 6 });
      const canary = await simulation.fleet.canary({ sick, steps: [50], maxP99Ratio: 3 });
      expect(await canary.ended()).toMatchObject({ state: "aborted" });
      await simulation.check();
    }
  });

  it("obeys an operator: pauses, resumes, aborts, promotes, and refuses what makes no sense", async () => {
    await using simulation = await simulate({ ...options, seed: 7 });
    const { fleet } = simulation;
    const first = await fleet.canary({ steps: [50] });
    await first.pause();
    await simulation.run(20_000);
    expect(first.outcome?.state).toBe("paused");
    await expect(fleet.canary()).rejects.toThrow(ConfigError);
    await first.resume();
    await first.abort();
    expect(first.outcome).toMatchObject({ state: "aborted", by: "operator" });
    await expect(first.promote()).rejects.toThrow(ConfigError);
    await expect(fleet.retire("1.0.0")).rejects.toThrow(RangeError);
    const second = await fleet.canary({ version: "next", sick: { failureRate: 1 }, steps: [1] });
    await second.promote();
    expect(fleet.policy()?.stable).toBe("next");
    await simulation.check();
  });

  it("survives the loss of its registry: the policy is put back, and calls go where they went", async () => {
    await using simulation = await simulate({ ...options, seed: 8 });
    const { fleet, registry } = simulation;
    const canary = await fleet.canary({ steps: [100], intervalMs: 5_000 });
    await simulation.run(1_000);
    registry.wipe();
    expect(fleet.policy()).toBeUndefined();
    await simulation.run(4_000);
    expect(fleet.policy()?.rollout?.id).toBe(canary.id);
    registry.outage(5_000);
    expect(await canary.ended()).toMatchObject({ state: "promoted" });
    await simulation.check();
  });

  it("goes on under another controller when the first one dies, hangs or loses its lease", async () => {
    await using simulation = await simulate({ ...options, seed: 9 });
    const { fleet, registry } = simulation;
    const canary = await fleet.canary({ steps: [20, 40, 60, 80], intervalMs: 3_000 });
    const { policies } = registry;
    const inCharge = (): number =>
      fleet.slots.findIndex(({ name }) => name === policies.controller("shop.v1.Orders"));
    await simulation.run(1_000);
    fleet.kill(inCharge());
    await simulation.run(5_000);
    fleet.hang(inCharge(), 6_000);
    await simulation.run(8_000);
    registry.loseLease(policies.controller("shop.v1.Orders") ?? "");
    expect(await canary.ended()).toMatchObject({ state: "promoted" });
    expect(new Set(policies.writes.map(({ process }) => process)).size).toBeGreaterThan(2);
    await fleet.startAll();
    await simulation.check();
  });

  it("has the same events for the same seed, byte for byte, and tells them", async () => {
    const plan = { instances: 2, steps: [30, 100], intervalMs: 500, minSamples: 20 };
    const log = async (seed: number): Promise<string> => {
      const run = await replay({
        ...options,
        seed,
        steps: [
          { afterMs: 100, do: "canary", ...plan, failPercent: 60, code: Code.Internal, delayMs: 0 },
          { afterMs: 1_000, do: "pause" },
          { afterMs: 200, do: "disturb", ms: 3_000, lostPercent: 40, slowMs: 300 },
          { afterMs: 2_000, do: "kill", instance: 4, downMs: 500 },
          { afterMs: 500, do: "wipe" },
          { afterMs: 6_000, do: "retire" },
        ],
      });
      return run.log.join("\n");
    };
    const first = await log(42);
    expect(await log(42)).toBe(first);
    expect(await log(43)).not.toBe(first);
    for (const event of [
      "fleet canary 2.0.0: 2 instances",
      "policy shop.v1.Orders gen 1 by operator: rollout to 2.0.0 started: 30 %",
      "operator pause 2.0.0",
      "registry loses 40 % of the messages, slows others by 300 ms, for 3000 ms",
    ])
      expect(first).toContain(event);
  });
});
