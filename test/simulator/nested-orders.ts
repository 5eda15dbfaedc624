import { Client, Service } from "@rollcall/app";
import type { Caller, SimulateOptions, Workload } from "@rollcall/testing/simulator";
import {
  Orders,
  type GetOrder,
  type Order,
  type OrderInit,
  type WatchOrders,
} from "../fixtures/gen/shop/v1/shop.js";
import { ordersFleet, Waits } from "./orders.js";

/** Calls its own kind, takes long, and does not heed that its server drains. */
@Service(Orders)
class NestedOrdersService {
  constructor(
    private readonly waits: Waits,
    @Client(Orders) private readonly others: Client<Orders>,
  ) {}

  async get({ id }: GetOrder): Promise<OrderInit> {
    await this.waits.clock.sleep(5);
    return id.startsWith("nested") ? { id } : this.others.get({ id: `nested ${id}` });
  }
  async put(order: Order): Promise<OrderInit> {
    await this.waits.clock.sleep(1_500);
    return order;
  }
  async *watch({ count }: WatchOrders): AsyncIterable<OrderInit> {
    for (let n = count; ; n++) {
      yield { id: `${n}` };
      await this.waits.clock.sleep(500);
    }
  }
  async import(requests: AsyncIterable<Order>): Promise<{ count: number }> {
    let count = 0;
    for await (const _ of requests) {
      count++;
      await this.waits.clock.sleep(50);
    }
    return { count };
  }
  async *chat(requests: AsyncIterable<Order>): AsyncIterable<OrderInit> {
    yield* requests;
  }
}

async function* three(id: string): AsyncIterable<{ id: string }> {
  for (let n = 0; n < 3; n++) yield { id };
}

function workload(caller: Caller): Workload {
  const orders = caller.client(Orders);
  const calls = [
    (id: string): Promise<unknown> => orders.get({ id }),
    (id: string): Promise<unknown> => orders.put({ id }),
    (id: string): Promise<unknown> => orders.import(three(id)),
  ];
  return {
    ratePerSecond: 10,
    call: (n) => calls[n % 3]!(`${n}`),
    streams: [(signal) => orders.watch({}, { signal })],
  };
}

/** A fleet on a slow network with a slow registry and a short grace period. */
export const nestedFleet: SimulateOptions = {
  ...ordersFleet,
  services: [NestedOrdersService],
  gracePeriodMs: 8_000,
  latencyMs: 10,
  registry: { latencyMs: 200, ttlMs: 3_000 },
  workload,
};
