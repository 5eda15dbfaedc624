import { Code } from "@rollcall/app";
import { simulate } from "@rollcall/testing/simulator";
import { expect, test } from "vitest";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { OrdersService, Waits } from "./waiting-orders.js";

test("reads survive an instance that fails and one that crashes", async () => {
  await using simulation = await simulate({
    services: [OrdersService],
    name: "orders",
    bind: (container, { clock }) => container.bind(Waits).toConstantValue(new Waits(clock)),
    workload(caller) {
      const orders = caller.client(Orders);
      return { ratePerSecond: 20, call: (n) => orders.get({ id: `${n}` }) };
    },
    faults: [
      { do: "fail", code: Code.Unavailable, method: "Get", instance: "orders-1", probability: 0.2 },
      { do: "crash", method: "Get", instance: "orders-2", nth: 10 },
    ],
  });
  await simulation.run(5_000);
  await simulation.fleet.start(1);

  const { receipt } = await simulation.check();
  expect(receipt).toMatchObject({ dropped: 0, kills: 1 });
  expect(receipt.retried).toBeGreaterThan(0);
});
