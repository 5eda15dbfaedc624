import { Code } from "@rollcall/app";
import { checkSchedules, simulate, type SimulateOptions } from "@rollcall/testing/simulator";
import { expect, test } from "vitest";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { OrdersService, Waits } from "./waiting-orders.js";

const options: SimulateOptions = {
  services: [OrdersService],
  name: "orders",
  version: "1.4.0",
  bind: (container, { clock }) => container.bind(Waits).toConstantValue(new Waits(clock)),
  workload(caller) {
    const orders = caller.client(Orders);
    return { ratePerSecond: 20, call: (n) => orders.get({ id: `${n}` }) };
  },
};

test("a good version is released, though the registry loses everything on the way", async () => {
  await using simulation = await simulate({ ...options, seed: 42 });
  const canary = await simulation.fleet.canary({ version: "1.5.0", instances: 2, steps: [10, 50, 100] });
  simulation.registry.wipe();
  await simulation.fleet.rollingRestart();

  expect(await canary.ended()).toMatchObject({ state: "promoted" });
  expect(simulation.fleet.policy()).toMatchObject({ stable: "1.5.0", rules: [] });
  await simulation.fleet.retire("1.4.0");
  const { receipt } = await simulation.check();
  expect(receipt.dropped).toBe(0);
});

test("a version that fails is taken back, though retries hide most of it from callers", async () => {
  await using simulation = await simulate({ ...options, seed: 42 });
  const sick = { failureRate: 0.6, code: Code.Unavailable };
  const canary = await simulation.fleet.canary({
    version: "1.5.0",
    instances: 2,
    steps: [10, 50, 100],
    sick,
  });

  const { state, reason } = await canary.ended();
  expect(state).toBe("aborted");
  expect(reason).toMatch(/attempts on 1\.5\.0 failed/);
  await simulation.check();
});

test("no schedule of releases, restarts, kills and faults breaks a rule", async () => {
  await checkSchedules({ ...options, canaries: true, runs: 20 });
});
