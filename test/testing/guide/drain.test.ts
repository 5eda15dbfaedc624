import { testApp } from "@rollcall/testing";
import { expect, test } from "vitest";
import { Billing, Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { OrdersService } from "./orders-service.js";

test("finishes an order while the process stops", async (context) => {
  const paid = Promise.withResolvers<{ ok: boolean }>();
  const app = await testApp({ services: [OrdersService], test: context }).fake(Billing, {
    charge: () => paid.promise,
  });

  const order = app.client(Orders).get({ id: "7" });
  await app.advance(100);
  const drained = app.drain();
  await app.advance(500);
  paid.resolve({ ok: true });
  expect(await order).toMatchObject({ id: "7" });
  await drained;
});
