import { Client, inject, Method, Service, type ServerCallContext } from "@rollcall/app";
import {
  Billing,
  Orders,
  type GetOrder,
  type ImportSummaryInit,
  type Order,
  type OrderInit,
  type WatchOrders,
} from "../fixtures/gen/shop/v1/shop.js";

export class OrdersRepository {
  find(id: string): OrderInit {
    return { id, cents: 100 };
  }
  remove(_id: string): void {}
}

/** The service under test: each method shows one thing that a test app must carry. */
@Service(Orders)
export class OrdersService {
  constructor(
    @Client(Billing) private readonly billing: Client<Billing>,
    @inject(OrdersRepository) private readonly repository: OrdersRepository,
  ) {}

  @Method({ timeoutMs: 800 })
  async get({ id }: GetOrder, ctx: ServerCallContext): Promise<OrderInit> {
    ctx.responseHeader.set("x-header", "h");
    ctx.responseTrailer.set("x-trailer", "t");
    if (id === "broken") throw new Error("a bug");
    if (id === "removed") this.repository.remove(id);
    const order = this.repository.find(id);
    await this.billing.charge({ cents: order.cents });
    return order;
  }
  async put(order: Order): Promise<OrderInit> {
    return order;
  }
  async *watch({ count }: WatchOrders, ctx: ServerCallContext): AsyncIterable<OrderInit> {
    for (let n = 0; n < count; n++) yield { id: String(n) };
    if (count > 0) return;
    yield { id: "first" };
    await new Promise((_, reject) => {
      ctx.onCancel(reject);
      ctx.draining.addEventListener("abort", () => reject(ctx.draining.reason as Error));
    });
  }
  async import(requests: AsyncIterable<Order>): Promise<ImportSummaryInit> {
    let count = 0;
    for await (const _ of requests) count++;
    return { count };
  }
  async *chat(requests: AsyncIterable<Order>): AsyncIterable<OrderInit> {
    for await (const { id } of requests) yield { id: `re: ${id}` };
  }
}
