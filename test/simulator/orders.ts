import { Service, type Clock, type ServerCallContext } from "@rollcall/app";
import type { Caller, SimulateOptions, Workload } from "@rollcall/testing/simulator";
import {
  Orders,
  type GetOrder,
  type Order,
  type OrderInit,
  type WatchOrders,
} from "../fixtures/gen/shop/v1/shop.js";

/** How services wait in a simulation. */
export class Waits {
  constructor(readonly clock: Clock) {}
}

@Service(Orders)
export class OrdersService {
  constructor(private readonly waits: Waits) {}

  async get({ id }: GetOrder): Promise<OrderInit> {
    await this.waits.clock.sleep(5);
    return { id };
  }
  async put(order: Order): Promise<OrderInit> {
    await this.waits.clock.sleep(30);
    return order;
  }
  async *watch(_: WatchOrders, ctx: ServerCallContext): AsyncIterable<OrderInit> {
    for (let n = 0; !ctx.signal.aborted; n++) {
      ctx.draining.throwIfAborted();
      yield { id: `${n}` };
      await this.waits.clock.sleep(500);
    }
  }
  async import(requests: AsyncIterable<Order>): Promise<{ count: number }> {
    let count = 0;
    for await (const _ of requests) count++;
    return { count };
  }
  async *chat(requests: AsyncIterable<Order>): AsyncIterable<OrderInit> {
    yield* requests;
  }
}

/** Half of the calls may be repeated, half must not; one stream. */
export function ordersWorkload(caller: Caller): Workload {
  const orders = caller.client(Orders);
  return {
    ratePerSecond: 10,
    call: (n) => (n % 2 === 0 ? orders.get({ id: `${n}` }) : orders.put({ id: `${n}` })),
    streams: [(signal) => orders.watch({}, { signal })],
  };
}

/** A small fleet of them. */
export const ordersFleet: SimulateOptions = {
  services: [OrdersService],
  name: "orders",
  bind: (container, process) => container.bind(Waits).toConstantValue(new Waits(process.clock)),
  workload: ordersWorkload,
};
