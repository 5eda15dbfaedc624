import {
  Client,
  Code,
  createApp,
  createClient,
  memoryRegistry,
  Metadata,
  Method,
  RpcError,
  Service,
  type App,
  type AppOptions,
  type RegistryBackend,
  type ServerCallContext,
} from "@rollcall/app";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  Billing,
  Orders,
  type ChargeReplyInit,
  type ChargeRequest,
  type GetOrder,
  type ImportSummaryInit,
  type Order,
  type OrderInit,
  type WatchOrders,
} from "../fixtures/gen/shop/v1/shop.js";

const seen: string[] = [];

@Service(Billing)
class BillingService {
  async charge(request: ChargeRequest, ctx: ServerCallContext): Promise<ChargeReplyInit> {
    seen.push(`charge ${request.cents}`);
    if (request.cents === "1")
      await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));
    return { ok: true };
  }
}

@Service(Orders)
class OrdersService {
  constructor(@Client(Billing) private readonly billing: Client<Billing>) {}

  @Method({ timeoutMs: 5_000 })
  async get({ id }: GetOrder, ctx: ServerCallContext): Promise<OrderInit> {
    ctx.responseHeader.set("x-header", "h");
    ctx.responseTrailer.set("x-trailer", "t");
    switch (id) {
      case "missing":
        throw new RpcError(Code.NotFound, "no such order");
      case "undefined":
        throw undefined;
      case "accident":
        throw new Error("secret");
      case "slow":
        seen.push("slow began");
        await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
        seen.push("slow saw its signal");
        return {};
      case "nested": {
        const { ok } = await this.billing.charge({ cents: 7n });
        return { id: String(ok) };
      }
      case "nested-slow":
        await this.billing.charge({ cents: 1 });
        return {};
      default:
        return { id, cents: 12345678901234n, payload: Buffer.from("p") };
    }
  }
  async put(request: Order): Promise<OrderInit> {
    return request;
  }
  async *watch({ count }: WatchOrders, ctx: ServerCallContext): AsyncIterable<OrderInit> {
    ctx.responseHeader.set("x-count", String(count));
    try {
      for (let n = 0; count === 0 || n < count; n++) {
        ctx.draining.throwIfAborted();
        yield { id: String(n) };
        if (count === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } finally {
      seen.push("watch ended");
    }
  }
  async import(requests: AsyncIterable<Order>): Promise<ImportSummaryInit> {
    let count = 0;
    for await (const _ of requests) if (++count === 3) break;
    return { count };
  }
  async *chat(requests: AsyncIterable<Order>): AsyncIterable<OrderInit> {
    for await (const { id } of requests) {
      yield { id: `re: ${id}` };
      if (id === "bye") break;
    }
    yield { id: "goodbye" };
  }
}

let registry: RegistryBackend;
const apps: App[] = [];

async function start(options: Partial<AppOptions> = {}): Promise<App> {
  const app = createApp({
    name: "orders",
    services: [OrdersService, BillingService],
    registry,
    host: "127.0.0.1",
    propagationDelayMs: 0,
    gracePeriodMs: 2_000,
    logLevel: "silent",
    ...options,
  });
  apps.push(app);
  await app.start();
  return app;
}

beforeEach(() => {
  seen.length = 0;
  registry = memoryRegistry();
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop().catch(() => {})));
  await registry[Symbol.asyncDispose]();
});

describe("an app and its clients", () => {
  it("answers unary calls with message, headers and trailers", async () => {
    await start();
    await using orders = createClient(Orders, { registry });
    let header: Metadata | undefined;
    let trailer: Metadata | undefined;
    const order = await orders.get(
      { id: "7" },
      { onHeader: (h) => (header = h), onTrailer: (t) => (trailer = t) },
    );
    expect(order).toEqual({ id: "7", cents: "12345678901234", payload: Buffer.from("p") });
    expect(header?.get("x-header")).toEqual(["h"]);
    expect(trailer?.get("x-trailer")).toEqual(["t"]);
  });

  it("streams from the server, and ends the handler when the caller leaves", async () => {
    await start();
    await using orders = createClient(Orders, { registry });
    const ids: string[] = [];
    let header: Metadata | undefined;
    for await (const { id } of orders.watch({ count: 3 }, { onHeader: (h) => (header = h) })) ids.push(id);
    expect(ids).toEqual(["0", "1", "2"]);
    expect(header?.get("x-count")).toEqual(["3"]);
    for await (const _ of orders.watch({ count: 0 })) break;
    await expect.poll(() => seen).toEqual(["watch ended", "watch ended"]);
  });

  it("streams from the client, and lets a handler stop reading", async () => {
    await start();
    await using orders = createClient(Orders, { registry });
    const send = async function* (): AsyncIterable<OrderInit> {
      for (let n = 0; n < 5; n++) yield { id: String(n) };
    };
    expect(await orders.import(send())).toEqual({ count: 3 });
  });

  it("streams both ways, and lets a handler stop reading and still answer", async () => {
    await start();
    await using orders = createClient(Orders, { registry });
    const send = async function* (): AsyncIterable<OrderInit> {
      yield { id: "hi" };
      yield { id: "bye" };
    };
    const ids: string[] = [];
    for await (const { id } of orders.chat(send())) ids.push(id);
    expect(ids).toEqual(["re: hi", "re: bye", "goodbye"]);
  });

  it("carries an error's code and reason, and hides what a handler threw by accident", async () => {
    await start();
    await using orders = createClient(Orders, { registry });
    await expect(orders.get({ id: "missing" })).rejects.toMatchObject({
      code: Code.NotFound,
      reason: "no such order",
      origin: "remote",
      message: "shop.v1.Orders/Get [not_found]: no such order",
    });
    for (const id of ["accident", "undefined"]) {
      await expect(orders.get({ id })).rejects.toMatchObject({
        code: Code.Internal,
        reason: "internal error",
      });
    }
  });

  it("injects clients, and a nested call inherits deadline and cancellation", async () => {
    await start();
    await using orders = createClient(Orders, { registry });
    expect(await orders.get({ id: "nested" })).toMatchObject({ id: "true" });
    await expect(orders.get({ id: "nested-slow" }, { timeoutMs: 200 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
  });

  it("ends a call at its deadline and tells the handler", async () => {
    await start();
    await using orders = createClient(Orders, { registry });
    // Connecting takes time too.
    await orders.get({ id: "1" });
    await expect(orders.get({ id: "slow" }, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
    await expect.poll(() => seen).toContain("slow saw its signal");
    await expect(orders.get({ id: "1" }, { timeoutMs: 0 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
    await expect(orders.get({ id: "1" }, { timeoutMs: Number.NaN })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
    expect(await orders.get({ id: "1" }, { timeoutMs: 1e12 })).toMatchObject({ id: "1" });
  });

  it("cancels by the caller's signal", async () => {
    await start();
    await using orders = createClient(Orders, { registry });
    const controller = new AbortController();
    const call = orders.get({ id: "slow" }, { signal: controller.signal });
    call.catch(() => {});
    await expect.poll(() => seen).toContain("slow began");
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: Code.Cancelled });
    await expect.poll(() => seen).toContain("slow saw its signal");
  });

  it("waits for an endpoint, and says what was missing at the deadline", async () => {
    await using orders = createClient(Orders, { registry });
    await expect(orders.get({ id: "1" }, { timeoutMs: 100 })).rejects.toMatchObject({
      code: Code.Unavailable,
      message: expect.stringContaining("no instance of shop.v1.Orders is registered"),
    });
    const call = orders.get({ id: "1" });
    await start();
    expect(await call).toMatchObject({ id: "1" });
  });

  it("opens a stream again on another instance when its server drains", async () => {
    const first = await start();
    await using orders = createClient(Orders, { registry });
    let opened = 0;
    let messages = 0;
    for await (const _ of orders.watch({ count: 0 }, { onHeader: () => opened++ })) {
      messages++;
      if (messages === 3) {
        await start();
        void first.stop();
      }
      if (opened === 2) break;
    }
    expect(opened).toBe(2);
  });

  it("loses no call while instances are replaced one by one", async () => {
    let current = [await start(), await start()];
    await using orders = createClient(Orders, { registry });
    let running = true;
    let calls = 0;
    const failures: unknown[] = [];
    const callers = Array.from({ length: 8 }, async () => {
      while (running) {
        calls++;
        await orders.put({ id: "x" }).catch((error: unknown) => failures.push(error));
      }
    });
    for (let round = 0; round < 4; round++) {
      const before = calls;
      await expect.poll(() => calls).toBeGreaterThan(before + 100);
      const next = await start();
      await current.shift()?.stop();
      current.push(next);
    }
    running = false;
    await Promise.all(callers);
    expect(failures).toEqual([]);
  });
});
