import { setTimeout as sleep } from "node:timers/promises";
import { Code, createApp, readSettings, RpcError, Service, type ServerCallContext } from "@rollcall/app";
import { createServedReporter } from "@rollcall/testing/fleet";
import { Orders } from "./gen/demo/v1/orders.js";
import type { GetOrder, OrderEventInit, OrderInit, PlaceOrder, WatchOrders } from "./gen/demo/v1/orders.js";

const { version } = readSettings({});
const served = createServedReporter();

@Service(Orders)
class OrdersService {
  async get({ id, callId }: GetOrder): Promise<OrderInit> {
    return await work(callId, () => {
      if (id === "") throw new RpcError(Code.NotFound, "no order without an id");
      return { id, article: "a book", version };
    });
  }

  async place({ article, callId }: PlaceOrder): Promise<OrderInit> {
    return await work(callId, () => ({ id: callId, article, version }));
  }

  async *watch(_request: WatchOrders, ctx: ServerCallContext): AsyncIterable<OrderEventInit> {
    for (let number = 0; ; number++) {
      yield { orderId: "1", number };
      await sleep(100, undefined, { signal: ctx.draining }).catch(() => {});
      // The caller then opens the stream again on another instance.
      ctx.draining.throwIfAborted();
    }
  }
}

/** A few milliseconds of a database's time, reported to the demo. */
async function work<T>(callId: string, answer: () => T): Promise<T> {
  served.begin(callId);
  try {
    await sleep(2 + Math.random() * 6);
    return answer();
  } finally {
    served.end();
  }
}

await createApp({ name: "orders", services: [OrdersService] }).run();
