import { assertDroppedNothing } from "@rollcall/testing";
import { checkSchedules, simulate, type SimulateOptions } from "@rollcall/testing/simulator";
import { expect, test } from "vitest";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { OrdersService, Waits } from "./waiting-orders.js";

const options: SimulateOptions = {
  services: [OrdersService],
  name: "orders",
  // What waits in a service waits on the clock of its process.
  bind: (container, { clock }) => container.bind(Waits).toConstantValue(new Waits(clock)),
  workload(caller) {
    const orders = caller.client(Orders);
    return {
      ratePerSecond: 20,
      call: (n) => (n % 2 === 0 ? orders.get({ id: `${n}` }) : orders.put({ id: `${n}` })),
      streams: [(signal) => orders.watch({}, { signal })],
    };
  },
};

test("a deploy drops nothing, though the registry is slow and then away", async () => {
  await using simulation = await simulate({ ...options, instances: 3, callers: 2, seed: 42 });
  simulation.registry.lag(300);
  await simulation.fleet.rollingRestart();
  simulation.registry.outage(10_000);
  await simulation.run(15_000);
  await simulation.fleet.scale(5);

  const { receipt } = await simulation.check();
  assertDroppedNothing(receipt);
  expect(receipt.streams.dropped).toBe(0);
  expect(simulation.log).toContainEqual(expect.stringContaining("orders-3 stopped after"));
});

test("no schedule of restarts, kills and faults breaks a rule", async () => {
  await checkSchedules({ ...options, runs: 20 });
});
