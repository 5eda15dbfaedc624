import { Code } from "@rollcall/app";
import { assertRpcError, testApp } from "@rollcall/testing";
import { expect, test } from "vitest";
import { Billing, Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { OrdersService } from "./orders-service.js";

test("gives up billing with its own deadline, and tells it", async (context) => {
  const app = await testApp({ services: [OrdersService], test: context }).fake(Billing, {
    charge: (_, ctx) => new Promise((_resolve, reject) => ctx.onCancel(reject)),
  });

  const order = app.client(Orders).get({ id: "7" });
  await app.advance(799);
  expect(app.calls(Billing).charge[0]).toMatchObject({ code: undefined, deadline: app.clock.now() + 1 });

  await app.advance(1);
  await assertRpcError(order, Code.DeadlineExceeded);
  expect(app.calls(Billing).charge[0]?.code).toBe(Code.DeadlineExceeded);
});
