import { BadRequest, Code, retryDelayMs, RetryInfo, retryInfo, RpcError } from "@rollcall/app";
import { testApp } from "@rollcall/testing";
import { expect, test } from "vitest";
import { Billing, Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { OutOfStock } from "./order-errors.js";
import { OrdersService } from "./orders-service.js";

test("callers act on errors", async (context) => {
  const app = await testApp({ services: [OrdersService], test: context }).fake(Billing, {
    charge: async () => {
      throw new RpcError(Code.Unavailable, "the bank is closed", { details: [retryInfo(60_000)] });
    },
  });
  const orders = app.client(Orders);

  // By a declared error: its metadata has the declared types.
  const missing: unknown = await orders.put({ id: "sku-1", cents: 0 }).catch((error: unknown) => error);
  if (!OutOfStock.is(missing)) throw missing;
  expect(missing.metadata.sku).toBe("sku-1");
  expect(missing.metadata.back).toBe("2026-12-01");

  // By code and details.
  const invalid = await orders.get({ id: "" }).catch(RpcError.from);
  expect(invalid).toMatchObject({ code: Code.InvalidArgument, reason: "which order?", origin: "remote" });
  expect((invalid as RpcError).detail(BadRequest)?.fieldViolations[0]?.field).toBe("id");

  const busy = await orders.get({ id: "busy" }).catch(RpcError.from);
  const retry = (busy as RpcError).detail(RetryInfo);
  expect(retry && retryDelayMs(retry)).toBe(1500);

  // Details that the handler forwarded.
  const unpaid = await orders.put({ id: "1", cents: 5 }).catch(RpcError.from);
  expect(unpaid).toMatchObject({ code: Code.Unavailable, reason: "cannot be paid: the bank is closed" });
  expect((unpaid as RpcError).detail(RetryInfo)).toBeDefined();

  // What was thrown by accident: without its text.
  await expect(orders.get({ id: "7" })).rejects.toMatchObject({
    code: Code.Internal,
    message: "shop.v1.Orders/Get [internal]: internal error",
  });
});
