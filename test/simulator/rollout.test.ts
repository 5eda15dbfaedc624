import { replay, simulate, SimulationError } from "@rollcall/testing/simulator";
import { matchers } from "@rollcall/testing/vitest";
import { describe, expect, it } from "vitest";
import { ordersFleet } from "./orders.js";

expect.extend(matchers);

describe("a simulated fleet", () => {
  it("drops nothing in a rolling restart, and says how often streams moved", async () => {
    await using simulation = await simulate(ordersFleet);
    await simulation.fleet.rollingRestart();
    expect(simulation.fleet.receipt()).toHaveDroppedNothing();
    const { receipt, faults } = await simulation.finish();
    expect(faults).toEqual([]);
    expect(receipt).toMatchObject({ dropped: 0, appErrors: 0, duplicates: 0, restarts: 3, kills: 0 });
    expect(receipt.calls).toBe(receipt.ok);
    expect(receipt.streams).toMatchObject({ opened: 2, completed: 2, dropped: 0 });
    expect(receipt.streams.reopened).toBeGreaterThanOrEqual(2);
    expect(receipt.steps.map(({ name }) => name)).toContain("rolling restart");
  });

  it("comes back from a kill at the same address, and loses only what must not be repeated", async () => {
    await using simulation = await simulate({ ...ordersFleet, seed: 3 });
    simulation.fleet.kill(1);
    await simulation.run(500);
    await simulation.fleet.start(1);
    const { receipt } = await simulation.check();
    expect(receipt).toMatchObject({ kills: 1, duplicates: 0 });
    for (const { error } of receipt.firstDropped) expect(error).toMatch(/Orders\/(Put|Watch)/);
  });

  it("counts a restart of all at once as an outage with a gap, not as dropped calls", async () => {
    await using simulation = await simulate(ordersFleet);
    await simulation.fleet.restartAll();
    const { receipt } = await simulation.check();
    expect(receipt.dropped).toBe(0);
    expect(receipt.steps.find(({ outage }) => outage)?.name).toBe("restart of all");
    expect(receipt.gapMs).toBeGreaterThan(0);
  });

  it("grows and shrinks without a dropped call", async () => {
    await using simulation = await simulate(ordersFleet);
    await simulation.fleet.scale(5);
    expect(simulation.registry.instances.map(({ id }) => id)).toHaveLength(5);
    await simulation.fleet.scale(1);
    expect(simulation.registry.instances.map(({ id }) => id)).toEqual(["orders-1"]);
    const { receipt } = await simulation.check();
    expect(receipt.dropped).toBe(0);
  });

  it("is served through an outage of the registry, a wipe, and records that all disappear", async () => {
    await using simulation = await simulate(ordersFleet);
    simulation.registry.outage(20_000);
    await simulation.run(25_000);
    simulation.registry.wipe();
    await simulation.run(5_000);
    simulation.registry.massDisappearance();
    await simulation.run(5_000);
    const { receipt } = await simulation.check();
    expect(receipt.dropped).toBe(0);
    expect(receipt.streams).toMatchObject({ dropped: 0, reopened: 0 });
  });

  it("keeps the streams and calls of an instance that lives and only lost its record", async () => {
    await using simulation = await simulate(ordersFleet);
    for (const { id } of simulation.registry.instances) simulation.registry.loseLease(id);
    await simulation.run(40_000);
    const { receipt } = await simulation.check();
    expect(receipt.dropped).toBe(0);
    expect(receipt.streams).toMatchObject({ opened: 2, dropped: 0, reopened: 0 });
  });

  it("has what several steps at once do to it share the time that passes", async () => {
    await using simulation = await simulate(ordersFleet);
    const before = simulation.elapsedMs;
    await Promise.all([simulation.run(1_000), simulation.run(1_000), simulation.fleet.restart(0)]);
    expect(simulation.elapsedMs - before).toBeLessThan(2_000);
    await simulation.check();
  });

  it("fails a check with the faults, the seed and the end of the log", async () => {
    const broken = replay({
      ...ordersFleet,
      seed: 9,
      seams: { afterReset: (_, read) => ({ ...read, instances: read.instances.slice(1) }) },
      steps: [{ afterMs: 0, do: "outage", ms: 1_000 }],
    });
    const error = (await broken.catch((thrown: unknown) => thrown)) as SimulationError;
    expect(error).toBeInstanceOf(SimulationError);
    expect(error.message).toMatch(/^seed 9: .*holds .*; the registry shows/);
    expect(error.message).toContain("simulation ended with");
  });

  it("tells a step that waits for what never happens", async () => {
    const simulation = await simulate({
      ...ordersFleet,
      workload: () => ({ ratePerSecond: 1, call: () => new Promise(() => {}) }),
    });
    await expect(simulation.finish()).rejects.toThrow(/the simulation (waits|has waited) for/);
  });
});
