import { Code, RpcError } from "@rollcall/app";
import { assertCalled, assertRpcError, testApp } from "@rollcall/testing";
import { expect, test } from "vitest";
import { Billing, Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { OrdersRepository, OrdersService } from "./orders-service.js";

test("charges what the order costs", async (context) => {
  const app = await testApp({ services: [OrdersService], test: context })
    .fake(Billing, { charge: async () => ({ ok: true }) })
    .override(OrdersRepository, { find: (id) => ({ id, cents: 250 }) });

  expect(await app.client(Orders).get({ id: "7" })).toMatchObject({ id: "7", cents: "250" });
  expect(app.calls(Billing).charge[0]?.request.cents).toBe("250");
  assertCalled(app.calls(Billing).charge, { request: { cents: "250" }, response: { ok: true } });
});

test("answers with what billing refused", async (context) => {
  const app = await testApp({ services: [OrdersService], test: context }).fake(Billing, {
    charge: async ({ cents }) => {
      throw new RpcError(Code.FailedPrecondition, `no funds for ${cents}`);
    },
  });
  await assertRpcError(app.client(Orders).get({ id: "7" }), Code.FailedPrecondition, /no funds/);
});
