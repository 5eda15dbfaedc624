import {
  badRequest,
  Code,
  createApp,
  RpcError,
  Service,
  type App,
  type AppOptions,
  type ServerCallContext,
} from "@rollcall/app";
import {
  Billing,
  Orders,
  type ChargeReplyInit,
  type GetOrder,
  type ImportSummaryInit,
  type Order,
  type OrderInit,
  type WatchOrders,
} from "../fixtures/gen/shop/v1/shop.js";

@Service(Orders)
class OrdersService {
  async get({ id }: GetOrder, ctx: ServerCallContext): Promise<OrderInit> {
    ctx.responseHeader.set("x-tenant", ctx.metadata.get("x-tenant")[0] ?? "none");
    ctx.responseHeader.set("trace-bin", Buffer.from(ctx.metadata.get("trace-bin")[0] ?? ""));
    ctx.responseTrailer.set("x-cost", "3");
    if (id === "slow") await new Promise((resolve) => ctx.onCancel(resolve));
    if (id === "missing")
      throw new RpcError(Code.NotFound, `no order "${id}"`, {
        details: [
          badRequest([{ field: "id", description: "is \u001b[2J unknown" }]),
          {
            typeUrl: "type.googleapis.com/shop.v1.Order",
            bytes: Orders.methods.put.request.encode({ id: "near" }),
          },
          { typeUrl: "type.googleapis.com/other.Unknown", bytes: Buffer.from([8, 1]) },
        ],
      });
    return { id, cents: "9007199254740993", payload: Buffer.from([0, 255]) };
  }
  async put(order: Order): Promise<OrderInit> {
    return order;
  }
  async *watch({ count }: WatchOrders, ctx: ServerCallContext): AsyncIterable<OrderInit> {
    for (let n = 1; n <= count; n++) yield { id: String(n) };
    if (count === 0) await new Promise((_, reject) => ctx.onCancel(reject));
  }
  async import(orders: AsyncIterable<Order>): Promise<ImportSummaryInit> {
    let count = 0;
    for await (const _ of orders) count++;
    return { count };
  }
  async *chat(orders: AsyncIterable<Order>): AsyncIterable<OrderInit> {
    for await (const { id } of orders) yield { id: `${id}!` };
  }
}

@Service(Billing)
class BillingService {
  async charge(): Promise<ChargeReplyInit> {
    return { ok: false };
  }
}

/** An app with the services of test/fixtures/proto, which says in headers what it was sent. */
export function ordersApp(options: Partial<AppOptions>): App {
  return createApp({
    name: "orders",
    version: "1.4.0",
    services: [OrdersService, BillingService],
    host: "127.0.0.1",
    env: {},
    ...options,
  });
}
