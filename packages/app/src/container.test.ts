import { Client, ConfigError, Method, Service, systemClock } from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { inject, postConstruct } from "inversify";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { FakeTransport } from "../../core/src/fixtures/fake-transport.js";
import { Prices, Stock, type ItemInit } from "../../core/src/fixtures/shop.js";
import { ClientPool } from "./client-pool.js";
import { buildServices, createContainer, methodOptions } from "./container.js";

function pool(): ClientPool {
  return new ClientPool({
    busyPollUs: 0,
    discovery: memoryRegistry(),
    transport: new FakeTransport(),
    clock: systemClock,
    random: Math.random,
    logger: pino({ level: "silent" }),
    interceptors: [],
    balancer: "round-robin",
    timeoutMs: 1_000,
    subsetSize: 0,
    zone: "",
    caller: "caller",
  });
}

class Handlers {
  async get(): Promise<ItemInit> {
    return {};
  }
  async *watch(): AsyncIterable<ItemInit> {
    yield {};
  }
}

@Service(Prices)
class PriceService {
  @Method({ timeoutMs: 800 })
  async get(): Promise<ItemInit> {
    return {};
  }
}

describe("building services", () => {
  it("injects clients, classes and what the app binds, and waits for what takes time", async () => {
    class Repository {
      ready = false;
      @postConstruct()
      async open(): Promise<void> {
        await Promise.resolve();
        this.ready = true;
      }
    }
    @Service(Stock)
    class StockService extends Handlers {
      constructor(
        @Client(Prices) readonly prices: Client<Prices>,
        readonly repository: Repository,
        @inject("name") readonly name: string,
      ) {
        super();
      }
    }
    await using clients = pool();
    const container = createContainer({
      clients,
      bind: (each) => void each.bind("name").toConstantValue("shop"),
    });
    const [stock, prices] = await buildServices(container, [StockService, PriceService]);
    const built = stock?.implementation as StockService;
    expect(built.name).toBe("shop");
    expect(built.repository.ready).toBe(true);
    expect(Object.keys(built.prices)).toEqual(["get"]);
    expect(prices?.contract).toBe(Prices);
    expect(await container.getAsync(StockService)).toBe(built);
  });

  it("refuses what is no service", async () => {
    await using clients = pool();
    const build = (...types: unknown[]): Promise<unknown> =>
      buildServices(createContainer({ clients }), types as never);
    class Plain {}
    @Service(Prices)
    class OtherPrices {
      async get(): Promise<ItemInit> {
        return {};
      }
    }
    await expect(build(Plain)).rejects.toThrow(
      "Plain serves no contract: decorate it with @Service(Contract)",
    );
    await expect(build(PriceService, OtherPrices)).rejects.toThrow(
      "OtherPrices and PriceService both serve test.v1.Prices: remove one of them from services",
    );
    for (const wrong of [undefined, null, "OrdersService", {}, new PriceService()]) {
      await expect(build(PriceService, wrong)).rejects.toThrow(ConfigError);
      await expect(build(wrong)).rejects.toThrow(/^services\[0\] is/);
    }
  });

  it("finds the options of methods, and options on methods that no caller can reach", () => {
    const implementation = new PriceService();
    expect([...methodOptions([{ contract: Prices, implementation }])]).toEqual([
      ["/test.v1.Prices/Get", { timeoutMs: 800 }],
    ]);
    class Wrong extends Handlers {
      @Method({ timeoutMs: 5 })
      async helper(): Promise<void> {}
    }
    expect(() => methodOptions([{ contract: Stock, implementation: new Wrong() }])).toThrow(
      "Wrong.helper has @Method, but test.v1.Stock has no such method",
    );
  });
});

describe("the clients of a process", () => {
  it("share one cluster per service and policy", async () => {
    await using clients = pool();
    const opened: string[] = [];
    const registry = memoryRegistry();
    const shared = new ClientPool({
      busyPollUs: 0,
      discovery: { open: (service) => (opened.push(service), registry.open(service)) },
      transport: new FakeTransport(),
      clock: systemClock,
      random: Math.random,
      logger: pino({ level: "silent" }),
      interceptors: [],
      balancer: "round-robin",
      timeoutMs: 1_000,
      subsetSize: 0,
      zone: "",
      caller: "caller",
    });
    shared.client(Prices);
    shared.client(Prices, { balancer: "round-robin", timeoutMs: 5 });
    shared.client(Prices, { balancer: "weighted-round-robin" });
    shared.client(Stock);
    expect(opened).toEqual(["test.v1.Prices", "test.v1.Prices", "test.v1.Stock"]);
    await shared.close(0);
    expect(() => shared.client(Prices)).toThrow("the clients are closed");
    expect(() => clients.client(Prices, { balancer: "robin" })).toThrow(ConfigError);
  });

  it("refuse a timeout that is no time", async () => {
    await using clients = pool();
    for (const timeoutMs of [0, -5, Number.NaN]) {
      expect(() => clients.client(Prices, { timeoutMs })).toThrow(
        /^client of test\.v1\.Prices: timeoutMs is/,
      );
    }
  });
});
