import { Container, inject } from "inversify";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../errors.js";
import { Stock, Prices, type ItemInit } from "../fixtures/shop.js";
import { Client, clientRequests } from "./client.js";
import { contractOf, methodOptionsOf } from "./metadata.js";
import { Method } from "./method.js";
import { Service } from "./service.js";

class Handlers {
  async get(): Promise<ItemInit> {
    return {};
  }
  async *watch(): AsyncIterable<ItemInit> {
    yield {};
  }
}

class Repository {}

const container = (): Container => new Container({ autobind: true, defaultScope: "Singleton" });

describe("@Service", () => {
  it("notes the contract that a class serves, for its instances' class only", () => {
    @Service(Stock)
    class StockService extends Handlers {}
    expect(contractOf(StockService)).toBe(Stock);
    expect(contractOf(Handlers)).toBeUndefined();
  });

  it("makes the class injectable, with plain classes and clients", () => {
    @Service(Stock)
    class StockService extends Handlers {
      constructor(
        readonly repository: Repository,
        @Client(Prices) readonly prices: Client<Prices>,
      ) {
        super();
      }
    }
    const bound = container();
    const prices = {};
    bound.bind(clientRequests().at(-1)!.token).toConstantValue(prices);
    const service = bound.get(StockService);
    expect(service.repository).toBeInstanceOf(Repository);
    expect(service.prices).toBe(prices);
  });

  it("refuses a client parameter without @Client, naming class and position", () => {
    const declare = (): unknown => {
      @Service(Stock)
      class StockService extends Handlers {
        constructor(
          readonly repository: Repository,
          readonly prices: Client<Prices>,
        ) {
          super();
        }
      }
      return StockService;
    };
    expect(declare).toThrow(ConfigError);
    expect(declare).toThrow(
      "StockService: constructor parameter 1 has no class to inject; add @Client(Contract) for a client, or @inject(...) for something else",
    );
  });

  it("refuses words and numbers that nothing injects", () => {
    expect(() => {
      @Service(Stock)
      class Named extends Handlers {
        constructor(readonly name: string) {
          super();
        }
      }
      return Named;
    }).toThrow("Named: constructor parameter 0");
    expect(() => {
      @Service(Stock)
      class Injected extends Handlers {
        constructor(@inject("name") readonly name: string) {
          super();
        }
      }
      return Injected;
    }).not.toThrow();
  });

  it("injects what a base class asks for when a class leaves the constructor to it", () => {
    @Service(Stock)
    class Base extends Handlers {
      constructor(
        readonly repository: Repository,
        @Client(Prices) readonly prices: Client<Prices>,
      ) {
        super();
      }
    }
    const { token } = clientRequests().at(-1)!;
    @Service(Stock)
    class Derived extends Base {}
    const bound = container();
    bound.bind(token).toConstantValue({ prices: true });
    const derived = bound.get(Derived);
    expect(derived.repository).toBeInstanceOf(Repository);
    expect(derived.prices).toEqual({ prices: true });
  });
});

describe("@Client", () => {
  it("asks for a client of its own each time, with its options", () => {
    const before = clientRequests().length;
    @Service(Stock)
    class StockService extends Handlers {
      constructor(
        @Client(Prices) readonly a: Client<Prices>,
        @Client(Prices, { timeoutMs: 5, required: true }) readonly b: Client<Prices>,
      ) {
        super();
      }
    }
    expect(contractOf(StockService)).toBe(Stock);
    const asked = clientRequests().slice(before);
    expect(asked.map(({ contract }) => contract)).toEqual([Prices, Prices]);
    expect(new Set(asked.map(({ token }) => token)).size).toBe(2);
    expect(asked.map(({ options }) => options)).toContainEqual({ timeoutMs: 5, required: true });
  });
});

describe("@Method", () => {
  it("keeps the options of each method, those of a base class included", () => {
    class Base extends Handlers {
      @Method({ timeoutMs: 5 })
      override async get(): Promise<ItemInit> {
        return {};
      }
    }
    class Derived extends Base {
      @Method({ timeoutMs: 7 })
      override async *watch(): AsyncIterable<ItemInit> {
        yield {};
      }
    }
    expect(methodOptionsOf(new Derived())).toEqual({ get: { timeoutMs: 5 }, watch: { timeoutMs: 7 } });
    expect(methodOptionsOf(new Base())).toEqual({ get: { timeoutMs: 5 } });
    expect(methodOptionsOf(new Handlers())).toEqual({});
  });

  it("refuses a timeout that is no time", () => {
    for (const timeoutMs of [0, -1, Number.NaN]) expect(() => Method({ timeoutMs })).toThrow(ConfigError);
    expect(() => Method({})).not.toThrow();
  });
});
