import { inspect } from "node:util";
import { Code, Metadata, RpcError } from "@rollcall/app";
import { FakeClock, testApp, type TestApp } from "@rollcall/testing";
import { describe, expect, it } from "vitest";
import { Billing, Orders, type OrderInit } from "../fixtures/gen/shop/v1/shop.js";
import { OrdersRepository, OrdersService } from "./shop.js";

const services = [OrdersService];
const paid = { charge: async () => ({ ok: true }) };

async function* sent(...ids: string[]): AsyncIterable<OrderInit> {
  for (const id of ids) yield { id };
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}

describe("a test app", () => {
  it("answers calls of all four kinds without any time passing", async () => {
    await using app = await testApp({ services }).fake(Billing, paid);
    const started = app.clock.now();
    const orders = app.client(Orders);
    expect(await orders.get({ id: "1" })).toMatchObject({ id: "1", cents: "100" });
    expect(await orders.import(sent("1", "2"))).toEqual({ count: 2 });
    expect((await collect(orders.watch({ count: 3 }))).map(({ id }) => id)).toEqual(["0", "1", "2"]);
    expect((await collect(orders.chat(sent("a", "b")))).map(({ id }) => id)).toEqual(["re: a", "re: b"]);
    expect(app.clock.now()).toBe(started);
  });

  it("carries headers, trailers and errors, and shows the test what a handler threw by accident", async () => {
    await using app = await testApp({ services }).fake(Billing, {
      async charge({ cents }, ctx) {
        ctx.responseHeader.set("x", "1");
        throw new RpcError(Code.FailedPrecondition, `no account for ${cents}`);
      },
    });
    const orders = app.client(Orders);
    let header: Metadata | undefined;
    let trailer: Metadata | undefined;
    await expect(orders.get({ id: "1" })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      reason: "no account for 100",
    });
    app.fake(Billing, paid);
    await orders.get({ id: "1" }, { onHeader: (h) => (header = h), onTrailer: (t) => (trailer = t) });
    expect(header?.get("x-header")).toEqual(["h"]);
    expect(trailer?.get("x-trailer")).toEqual(["t"]);
    await expect(orders.get({ id: "broken" })).rejects.toMatchObject({
      code: Code.Internal,
      reason: "internal error",
      cause: new Error("a bug"),
    });
  });

  it("records the calls of fakes and services, typed, with deadline, metadata, answer and end", async () => {
    await using app = await testApp({ services }).fake(Billing, paid);
    const metadata = new Metadata();
    metadata.set("x-tenant", "7");
    await app.client(Orders).get({ id: "1" }, { metadata, timeoutMs: 300 });
    await collect(app.client(Orders).chat(sent("a", "b")));
    const [charge] = app.calls(Billing).charge;
    expect(charge?.request.cents).toBe("100");
    expect(charge).toMatchObject({
      response: { ok: true },
      code: Code.Ok,
      error: undefined,
      deadline: app.clock.now() + 300,
      atMs: app.clock.now(),
    });
    expect(app.calls(Orders).get[0]?.metadata.get("x-tenant")).toEqual(["7"]);
    const [chat] = app.calls(Orders).chat;
    expect(chat?.requests.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(chat?.responses).toEqual([{ id: "re: a" }, { id: "re: b" }]);
    expect(app.calls(Orders).put).toEqual([]);
  });

  it("records why a call failed", async () => {
    await using app = await testApp({ services }).fake(Billing, {
      charge: () => Promise.reject(new TypeError("a bug in the fake")),
    });
    await expect(app.client(Orders).get({ id: "1" })).rejects.toMatchObject({ code: Code.Internal });
    expect(app.calls(Billing).charge[0]).toMatchObject({
      code: Code.Internal,
      error: { cause: new TypeError("a bug in the fake") },
      response: undefined,
    });
    expect(app.calls(Orders).get[0]?.error?.code).toBe(Code.Internal);
  });

  it("names the method of a fake that was called but not faked", async () => {
    await using app = await testApp({ services }).fake(Billing, {});
    await expect(app.client(Orders).get({ id: "1" })).rejects.toMatchObject({
      code: Code.Unimplemented,
      reason: "shop.v1.Billing/Charge was called but not faked: add charge to .fake(Billing, { ... })",
    });
  });

  it("names a service that is injected but neither served nor faked, at once, and starts without it", async () => {
    await using app = await testApp({ services });
    const reason =
      "shop.v1.Billing/Charge was called but shop.v1.Billing is neither served nor faked: add .fake(Billing, { charge })";
    await expect(app.client(Orders).get({ id: "1" })).rejects.toMatchObject({
      code: Code.Unimplemented,
      reason,
    });
    await expect(app.client(Billing).charge({})).rejects.toMatchObject({ reason });
    expect(() => app.calls(Billing)).toThrow("shop.v1.Billing is neither served nor faked");
  });

  it("refuses fakes that cannot be meant", async () => {
    const builder = testApp({ services }).fake(Billing, paid);
    expect(() => builder.fake(Billing, { refund: async () => ({}) } as never)).toThrow(
      "has no method refund",
    );
    expect(() => builder.fake(Billing, { charge: 1 } as never)).toThrow("charge is a number");
    expect(() => builder.fake({} as never, {})).toThrow("not a contract");
    await expect(testApp({ services }).fake(Orders, {})).rejects.toThrow(
      "shop.v1.Orders is both served and faked",
    );
    await using app = await builder;
    expect(() => builder.fake(Billing, paid)).toThrow("has started");
    expect(() => app.fake(Orders, {})).toThrow("was not faked when the test app started");
  });

  it("is started once, however often it is awaited", async () => {
    const builder = testApp({ services });
    await using app = await builder;
    expect(await builder).toBe(app);
  });

  it("fails to start as the app does, and leaves nothing running", async () => {
    class Undecorated {}
    const clock = new FakeClock();
    await expect(testApp({ services: [Undecorated], clock })).rejects.toThrow("decorate it with @Service");
    const start = (): Promise<never> => Promise.reject(new Error("no database"));
    const lifecycles = [{ name: "database", start, stop: async () => {} }];
    await expect(testApp({ services, clock, lifecycles })).rejects.toThrow("no database");
    expect(clock.pending).toBe(0);
  });

  it("ends once, by its test or by hand", async (test) => {
    const app = await testApp({ services, test });
    await app[Symbol.asyncDispose]();
    await app[Symbol.asyncDispose]();
    expect(() => app.client(Orders)).toThrow("the clients are closed");
  });

  it("injects what is overridden, and names what the override lacks", async () => {
    const builder = testApp({ services }).fake(Billing, paid);
    await using app = await builder.override(OrdersRepository, { find: (id) => ({ id: `fake ${id}` }) });
    expect(await app.client(Orders).get({ id: "1" })).toMatchObject({ id: "fake 1" });
    await expect(app.client(Orders).get({ id: "removed" })).rejects.toMatchObject({
      cause: new Error(
        "OrdersRepository.remove was called but not overridden: add remove to .override(OrdersRepository, { ... })",
      ),
    });
  });

  it("lets overrides win over bind", async () => {
    await using app = await testApp({
      services,
      bind: (container) =>
        container.bind(OrdersRepository).toConstantValue({ find: () => ({ id: "bound" }) } as never),
      overrides: (container) =>
        container.rebind(OrdersRepository).toConstantValue({ find: () => ({ id: "rebound" }) } as never),
    }).fake(Billing, paid);
    expect(await app.client(Orders).get({ id: "1" })).toMatchObject({ id: "rebound" });
  });

  it("is out of reach of the environment", async () => {
    process.env["ROLLCALL_WEIGHT"] = "0";
    try {
      await using app = await testApp({ services });
      expect(await app.client(Orders).put({ id: "1" })).toMatchObject({ id: "1" });
    } finally {
      delete process.env["ROLLCALL_WEIGHT"];
    }
  });

  it("works on the machine's clock too", async () => {
    await using app = await testApp({ services, clock: "real" });
    expect(await app.client(Orders).put({ id: "1" })).toMatchObject({ id: "1" });
    await expect(app.advance(1)).rejects.toThrow("no fake clock");
  });

  it("shows itself with its seed and its calls", async () => {
    await using app = await testApp({ services, seed: 7 });
    await app.client(Orders).put({ id: "1" });
    expect(inspect(app)).toContain("seed: 7");
    expect(inspect(app)).toContain("'shop.v1.Orders/Put': 1");
  });

  it("puts the seed on every error that reaches the test", async () => {
    await using app = await testApp({ services, seed: 7 });
    await expect(app.client(Orders).get({ id: "broken" })).rejects.toMatchObject({ seed: 7 });
    await expect(collect(app.client(Orders).watch({ count: 0 }, { timeoutMs: 0 }))).rejects.toMatchObject({
      seed: 7,
    });
  });

  it("leaves nothing behind: no timer, no handle", async () => {
    const before = process.getActiveResourcesInfo().length;
    const apps: TestApp[] = [];
    for (let n = 0; n < 200; n++) {
      await using app = await testApp({ services }).fake(Billing, paid);
      await app.client(Orders).get({ id: "1" });
      apps.push(app);
    }
    expect(apps.map(({ clock }) => (clock as FakeClock).pending)).toEqual(apps.map(() => 0));
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
  });
});
