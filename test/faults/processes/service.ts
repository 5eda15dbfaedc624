import { setTimeout as sleep } from "node:timers/promises";
import { Code, createApp, RpcError, Service, type ServerCallContext } from "@rollcall/app";
import {
  Orders,
  type GetOrder,
  type ImportSummaryInit,
  type Order,
  type OrderInit,
  type WatchOrders,
} from "../../fixtures/gen/shop/v1/shop.js";
import { isBehaviour, isQuestion, type Behaviour, type ServiceCounts } from "./messages.js";

/** A service whose handlers do as the fault matrix says, by the request's id or by a message of the parent. */
let behaviour: Behaviour = {};
const begun = { get: 0, put: 0, watch: 0, import: 0 };
let open = 0;

process.on("message", (message) => {
  if (isBehaviour(message)) {
    ({ behaviour } = message);
    process.send?.({ faults: "behaves" });
  }
  if (isQuestion(message)) {
    const counts: ServiceCounts = { faults: "counts", begun: { ...begun }, open };
    process.send?.(counts);
  }
});
// An orphan in a network namespace has no other sign that its parent has gone.
process.on("disconnect", () => process.exit(1));
// Whoever listens to the channel keeps the process alive; this one has to end as any service.
process.channel?.unref();

@Service(Orders)
class OrdersService {
  async get({ id }: GetOrder, ctx: ServerCallContext): Promise<OrderInit> {
    begun.get++;
    return await during(async () => {
      await instructed(id);
      return await work(ctx);
    });
  }
  async put(_: Order, ctx: ServerCallContext): Promise<OrderInit> {
    begun.put++;
    return await during(() => work(ctx));
  }
  async *watch(_: WatchOrders, ctx: ServerCallContext): AsyncIterable<OrderInit> {
    begun.watch++;
    open++;
    try {
      while (!ctx.signal.aborted) {
        if (process.env["HEED_DRAIN"] !== "no") ctx.draining.throwIfAborted();
        yield { id: `${process.pid}` };
        await sleep(50);
      }
    } finally {
      open--;
    }
  }
  async import(requests: AsyncIterable<Order>): Promise<ImportSummaryInit> {
    begun.import++;
    return await during(async () => {
      let count = 0;
      for await (const _ of requests) count++;
      return { count };
    });
  }
  async *chat(requests: AsyncIterable<Order>): AsyncIterable<OrderInit> {
    yield* requests;
  }
}

async function during<T>(handle: () => Promise<T>): Promise<T> {
  open++;
  try {
    return await handle();
  } finally {
    open--;
  }
}

/** A few milliseconds of a database's time, so that there is something in flight. */
async function work(ctx: ServerCallContext): Promise<OrderInit> {
  if (behaviour.unavailable) throw new RpcError(Code.Unavailable, "told to be");
  await sleep(4 + (behaviour.extraMs ?? 0));
  ctx.responseHeader.set("pid", `${process.pid}`);
  return { id: `${process.pid}` };
}

async function instructed(id: string): Promise<void> {
  switch (id) {
    case "crash":
      setTimeout(() => {
        throw new Error("crash");
      }, 0);
      break;
    case "throw-error":
      throw new Error("secret text");
    case "throw-string":
      // oxlint-disable-next-line typescript/only-throw-error -- what a handler may do by accident
      throw "secret text";
    case "throw-undefined":
      // oxlint-disable-next-line typescript/only-throw-error -- as above
      throw undefined;
    case "never":
      await new Promise(() => {});
      break;
    default:
      if (id.startsWith("sleep:")) await sleep(Number(id.slice("sleep:".length)));
  }
}

await createApp({ name: "orders", version: "1.0.0", services: [OrdersService] }).run();
