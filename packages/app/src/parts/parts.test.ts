import {
  ConfigError,
  createFeed,
  createHealthService,
  type Handler,
  type Listener,
  type Registration,
  type RegistrationState,
  type RegistryBackend,
  type ServerTransport,
} from "@rollcall/core";
import { Container } from "inversify";
import { describe, expect, it, vi } from "vitest";
import { instance } from "../../../core/src/fixtures/contracts.js";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { fakeLogger } from "../../../core/src/fixtures/fake-logger.js";
import { received } from "../../../core/src/fixtures/server-calls.js";
import { Stock } from "../../../core/src/fixtures/shop.js";
import { readSettings } from "../settings.js";
import { clientsPart } from "./clients-part.js";
import { registrationPart } from "./registration-part.js";
import { registryPart } from "./registry-part.js";
import { serverPart, type ServerPart } from "./server-part.js";
import { servicesPart } from "./services-part.js";

const { signal } = new AbortController();
const hangs = (): Promise<never> => new Promise(() => {});

describe("the registration", () => {
  function setup(change: Partial<Registration> = {}, tell: ServerPart["tell"] = async () => false) {
    const clock = new FakeClock();
    const { logger, lines } = fakeLogger();
    const state = createFeed<RegistrationState>("pending");
    const seen: string[] = [];
    const registration: Registration = {
      state,
      update: async ({ state: to }) => void seen.push(`update ${to}`),
      deregister: async () => void seen.push("deregister"),
      ...change,
    };
    const backend = { description: "fake", register: () => registration } as unknown as RegistryBackend;
    const health = createHealthService([]);
    const set = vi.spyOn(health, "set");
    const part = registrationPart({
      backend,
      server: { port: 80, health, tell } as ServerPart,
      instances: () => [instance("a")],
      propagationDelayMs: 500,
      clock,
      logger,
    });
    const start = async (): Promise<void> => {
      state.publish("visible");
      await part.start(signal);
    };
    return { clock, part, state, seen, lines, set, start };
  }

  it("is started once the records are visible, and says so to health checks first", async () => {
    const { part, state, set } = setup();
    let started = false;
    const starting = part.start(signal).then(() => (started = true));
    await settle();
    expect(started).toBe(false);
    expect(set).toHaveBeenCalledWith("SERVING");
    state.publish("visible");
    await starting;
  });

  it("tells callers while it leaves, and waits for no time when all have acknowledged", async () => {
    const told = Promise.withResolvers<boolean>();
    const { part, clock, seen, start } = setup({}, () => told.promise);
    await start();
    let stopped = false;
    const stopping = part.stop(signal).then(() => (stopped = true));
    await settle();
    expect(seen).toEqual(["update draining", "deregister"]);
    expect(stopped).toBe(false);
    told.resolve(true);
    await stopping;
    expect(clock.pending).toBe(0);
  });

  it("gives callers the propagation delay to acknowledge, and nothing when it is forced", async () => {
    const asked: AbortSignal[] = [];
    const tell: ServerPart["tell"] = (bound) => {
      asked.push(bound);
      return new Promise((resolve) => {
        if (bound.aborted) resolve(false);
        bound.addEventListener("abort", () => resolve(false));
      });
    };
    const slow = setup({}, tell);
    await slow.start();
    const stopping = slow.part.stop(signal);
    await slow.clock.advance(499);
    expect(asked[0]?.aborted).toBe(false);
    await slow.clock.advance(1);
    expect(asked[0]?.aborted).toBe(true);
    await slow.clock.advance(500);
    await stopping;
    const forced = setup({}, tell);
    await forced.start();
    await forced.part.stop(AbortSignal.abort());
    expect(slow.clock.pending + forced.clock.pending).toBe(0);
  });

  it("marks the records, deletes them and waits until callers that were not told know", async () => {
    const { part, clock, seen, set, start } = setup();
    await start();
    let stopped = false;
    const stopping = part.stop(signal).then(() => (stopped = true));
    await clock.advance(499);
    expect(seen).toEqual(["update draining", "deregister"]);
    expect(set).toHaveBeenLastCalledWith("NOT_SERVING");
    expect(stopped).toBe(false);
    await clock.advance(1);
    await stopping;
    expect(clock.pending).toBe(0);
  });

  it("deletes the records though marking them failed or hangs", async () => {
    for (const update of [() => Promise.reject(new Error("no leader")), hangs]) {
      const deregister = vi.fn<() => Promise<void>>(async () => {});
      const { part, clock, start } = setup({ update, deregister });
      await start();
      const stopping = part.stop(signal);
      await clock.advance(1_000);
      expect(deregister).toHaveBeenCalledTimes(1);
      await clock.advance(500);
      await stopping;
    }
  });

  it("deletes at once, and waits for nobody, what was never visible", async () => {
    const { part, seen, clock } = setup({ update: hangs });
    const controller = new AbortController();
    const starting = part.start(controller.signal);
    controller.abort(new Error("stopped"));
    await expect(starting).rejects.toThrow("stopped");
    await part.stop(signal);
    expect(seen).toEqual(["deregister"]);
    expect(clock.pending).toBe(0);
  });

  it("gives up a registry that hangs after 2 s", async () => {
    const deregister = (bound: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        if (bound.aborted) reject(bound.reason as Error);
        bound.addEventListener("abort", () => reject(bound.reason as Error));
      });
    const { part, clock, start, lines } = setup({ update: hangs, deregister });
    await start();
    const stopping = part.stop(signal);
    await clock.advance(2_500);
    await stopping;
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: "could not deregister: the records end with their lease" }),
    );
    expect(clock.pending).toBe(0);
  });

  it("does not wait for callers in a forced stop", async () => {
    const { part, clock, start } = setup();
    await start();
    await part.stop(AbortSignal.abort());
    expect(clock.pending).toBe(0);
  });

  it("tells in the log when it was lost and came back", async () => {
    const { part, state, lines, start } = setup();
    await start();
    for (const each of ["lost", "pending", "visible"] as const) {
      state.publish(each);
      await settle();
    }
    const messages = lines.map(({ msg }) => msg);
    expect(messages.slice(-2)).toEqual(["registration lost: registering again", "registered again"]);
    await part.stop(AbortSignal.abort());
  });
});

describe("the registry", () => {
  const settings = readSettings({ startup: "fail-fast", startupTimeoutMs: 3_000 }, {});

  it("fails a start within its time when it does not answer", async () => {
    const clock = new FakeClock();
    const ready = (bound: AbortSignal): Promise<void> =>
      new Promise((_, reject) => bound.addEventListener("abort", () => reject(bound.reason as Error)));
    const part = registryPart({ description: "fake", ready } as RegistryBackend, true, settings, clock);
    const starting = part.start(signal);
    starting.catch(() => {});
    await clock.advance(3_000);
    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow("the registry fake did not answer within 3000 ms");
    expect(clock.pending).toBe(0);
  });

  it("is not waited for otherwise", async () => {
    const part = registryPart({ ready: hangs } as never, true, readSettings({}, {}), new FakeClock());
    await part.start(signal);
  });

  it("is closed by its owner only, for 1 s at most", async () => {
    const clock = new FakeClock();
    const dispose = vi.fn<() => Promise<void>>(hangs);
    const backend = { [Symbol.asyncDispose]: dispose } as unknown as RegistryBackend;
    await registryPart(backend, false, settings, clock).stop(signal);
    expect(dispose).not.toHaveBeenCalled();
    const stopping = registryPart(backend, true, settings, clock).stop(signal);
    await clock.advance(1_000);
    await stopping;
    dispose.mockRejectedValueOnce(new Error("close"));
    await expect(registryPart(backend, true, settings, clock).stop(signal)).rejects.toThrow("close");
    expect(clock.pending).toBe(0);
  });
});

describe("the server", () => {
  function setup(change: Partial<Listener> & { readonly reflection?: boolean } = {}) {
    const clock = new FakeClock();
    const { logger, lines } = fakeLogger();
    const listener = {
      port: 4321,
      peers: (): readonly string[] => [],
      drain: vi.fn<() => Promise<void>>(async () => {}),
      close: vi.fn<() => Promise<void>>(async () => {}),
      ...change,
    };
    let dispatch: Handler | undefined;
    const names: string[] = [];
    const transport: ServerTransport = {
      listen: async (services, handler) => {
        names.push(...services.map(({ name }) => name));
        dispatch = handler;
        return listener;
      },
    };
    const bound = [{ contract: Stock, implementation: { get: hangs } }];
    const part = serverPart({
      services: { bound } as never,
      transport,
      interceptors: [],
      limits: {},
      random: () => 0.5,
      edge: true,
      lane: true,
      busyPollUs: 0,
      reflection: change.reflection ?? false,
      identity: () => ({ instance: "a", incarnation: "1-a", app: "shop" }),
      clock,
      logger,
    });
    const call = (): ReturnType<typeof received> => {
      const each = received(Stock.methods.get);
      dispatch?.(each).catch(() => {});
      return each;
    };
    return { clock, part, listener, names, call, lines };
  }

  it("serves the services and health checks, and has a port once it listens", async () => {
    const { part, names } = setup();
    expect(() => part.port).toThrow("has not been started");
    expect(() => part.health).toThrow("has not been started");
    await part.start(signal);
    expect(part.port).toBe(4321);
    expect(names).toEqual(["test.v1.Stock", "grpc.health.v1.Health", "rollcall.link.v1.Link"]);
  });

  it("serves reflection of both versions when it is switched on", async () => {
    const { part, names } = setup({ reflection: true });
    await part.start(signal);
    expect(names.slice(2)).toEqual([
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "rollcall.link.v1.Link",
    ]);
  });

  it("has told all its callers only if each that is connected has a link", async () => {
    let peers: string[] = [];
    const { part, lines } = setup({ peers: () => peers });
    await part.start(signal);
    expect(await part.tell(signal)).toBe(true);
    peers = ["10.0.0.2:5000"];
    expect(await part.tell(signal)).toBe(false);
    const told = lines.filter(({ msg }) => msg === "callers told");
    expect(told).toMatchObject([{ others: 0 }, { acknowledged: 0, missing: [], others: 1 }]);
  });

  it("drains, then closes", async () => {
    const { part, listener } = setup();
    await part.stop(signal);
    await part.start(signal);
    await part.stop(signal);
    expect(listener.drain).toHaveBeenCalledTimes(1);
    expect(listener.close).toHaveBeenCalledTimes(1);
  });

  it("ends the calls in flight when the grace period is over, and gives their answers 50 ms to leave", async () => {
    const { part, listener, call, clock } = setup({ drain: hangs });
    await part.start(signal);
    const open = call();
    await settle();
    const controller = new AbortController();
    const stopping = part.stop(controller.signal);
    await settle();
    expect(open.cancelReason).toBeUndefined();
    controller.abort();
    await settle();
    expect(open.cancelReason?.reason).toBe("the server has stopped");
    expect(listener.close).not.toHaveBeenCalled();
    await clock.advance(50);
    await stopping;
    expect(listener.close).toHaveBeenCalledTimes(1);
  });

  it("closes though draining failed", async () => {
    const { part, listener } = setup({ drain: () => Promise.reject(new Error("drain")) });
    await part.start(signal);
    await expect(part.stop(signal)).rejects.toThrow("drain");
    expect(listener.close).toHaveBeenCalledTimes(1);
  });
});

describe("the services", () => {
  it("do not hold up an exit by what they do at their end, for more than 2 s", async () => {
    const clock = new FakeClock();
    const container = new Container();
    vi.spyOn(container, "unbindAllAsync").mockImplementation(hangs);
    const stopping = servicesPart(container, [], clock).stop(signal);
    await clock.advance(2_000);
    await stopping;
    vi.spyOn(container, "unbindAllAsync").mockRejectedValue(new Error("destroy"));
    await expect(servicesPart(container, [], clock).stop(signal)).rejects.toThrow("destroy");
    expect(clock.pending).toBe(0);
  });
});

describe("the clients", () => {
  it("get 1 s for their last calls, and nothing in a forced stop", async () => {
    const close = vi.fn<(graceMs: number) => Promise<void>>(async () => {});
    const part = clientsPart({ close, ready: async () => {} } as never);
    await part.start(signal);
    await part.stop(signal);
    await part.stop(AbortSignal.abort());
    expect(close.mock.calls).toEqual([[1_000], [0]]);
  });
});
