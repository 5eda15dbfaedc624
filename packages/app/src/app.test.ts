import { ConfigError, Service, type Lifecycle, type ServerTransport } from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { FakeTransport } from "../../core/src/fixtures/fake-transport.js";
import type { ItemInit } from "../../core/src/fixtures/shop.js";
import { createApp, type App, type AppOptions } from "./app.js";
import { startRollout } from "./rollout/plan.js";
import { Health } from "@rollcall/core";

@Service(Health)
class Own {
  async check(): Promise<{ status: "SERVING" }> {
    return { status: "SERVING" };
  }
  async *watch(): AsyncIterable<{ status: "SERVING" }> {
    yield { status: "SERVING" };
  }
}

const silent = pino({ level: "silent" });

function setup(change: Partial<AppOptions> = {}): {
  app: App;
  seen: string[];
  part: (name: string, fails?: boolean) => Lifecycle;
} {
  const seen: string[] = [];
  const part = (name: string, fails = false): Lifecycle => ({
    name,
    start: async () => {
      seen.push(`start ${name}`);
      if (fails) throw new Error(`start ${name}`);
    },
    stop: async () => void seen.push(`stop ${name}`),
  });
  const serverTransport: ServerTransport = {
    listen: async () => {
      seen.push("listen");
      return {
        port: 80,
        peers: () => [],
        drain: async () => void seen.push("drain"),
        close: async () => void seen.push("close"),
      };
    },
  };
  const app = createApp({
    name: "shop",
    host: "10.0.0.1",
    registry: memoryRegistry(),
    serverTransport,
    transport: new FakeTransport(),
    lifecycles: [part("own")],
    propagationDelayMs: 0,
    logger: silent,
    ...change,
  });
  return { app, seen, part };
}

describe("an app", () => {
  it("refuses breaker options that are wrong before it has a client", () => {
    const wrong = { breaker: { openMs: -1 } };
    expect(() => setup(wrong)).toThrow("option breaker.openMs is -1; allowed: a whole number");
    expect(() => setup({ env: { ROLLCALL_BREAKER: "maybe" } })).toThrow(
      'ROLLCALL_BREAKER is "maybe"; allowed: on or off',
    );
    expect(() => setup({ breaker: { openMs: 1 }, env: { ROLLCALL_BREAKER: "off" } })).not.toThrow();
  });

  it("starts its parts in order and stops them in reverse, once", async () => {
    const { app, seen } = setup();
    expect(() => app.address).toThrow("has not been started");
    await Promise.all([app.start(), app.start()]);
    expect(app.address).toBe("10.0.0.1:80");
    await Promise.all([app.stop(), app.stop(), app[Symbol.asyncDispose]()]);
    expect(seen).toEqual(["start own", "listen", "drain", "close", "stop own"]);
  });

  it("is in the registry while it serves, with its version, weight and track", async () => {
    const registry = memoryRegistry();
    const { app } = setup({
      registry,
      services: [Own],
      version: "1.4.0",
      weight: 5,
      track: "canary",
      labels: { a: "b" },
    });
    const feed = registry.open(Health.name);
    await app.start();
    expect(feed.current?.instances).toEqual([
      expect.objectContaining({
        id: "10.0.0.1:80",
        address: "10.0.0.1:80",
        app: "shop",
        version: "1.4.0",
        weight: 5,
        track: "canary",
        state: "up",
        labels: { a: "b" },
        incarnation: expect.stringMatching(/^\d+-[0-9a-z]+$/),
      }),
    ]);
    await app.stop();
    expect(feed.current?.instances).toEqual([]);
    await feed[Symbol.asyncDispose]();
  });

  it.each([
    [{}, ["link", "lane"]],
    [{ lane: false }, ["link"]],
    // Limits of the server's that a lane would not hold to.
    [{ protection: { maxReceiveBytes: 64 << 10 } }, ["link"]],
    [{ protection: { maxSendBytes: 1 << 20 } }, ["link"]],
  ])("says in its record what its connections can do: %o", async (change, features) => {
    const registry = memoryRegistry();
    const { app } = setup({ registry, services: [Own], ...change });
    const feed = registry.open(Health.name);
    await app.start();
    expect(feed.current?.instances).toEqual([expect.objectContaining({ features })]);
    await app.stop();
    await feed[Symbol.asyncDispose]();
  });

  it("takes part in the rollouts of its services for as long as it is in the registry", async () => {
    const registry = memoryRegistry();
    const { signal } = new AbortController();
    const { app } = setup({ registry, services: [Own], version: "2", weight: 0 });
    await app.start();
    const policy = startRollout(
      Health.name,
      undefined,
      { id: "r1", to: "2", from: "1" },
      { by: "ada", at: Date.now() },
    );
    await registry.rollouts!.compareAndSet([{ service: Health.name, revision: 0, policy }], signal);
    await settle();
    expect(await registry.rollouts!.leader(Health.name, signal)).toBe("shop 10.0.0.1:80");
    await app.stop();
    expect(await registry.rollouts!.leader(Health.name, signal)).toBeUndefined();
  });

  it("stops what it had begun when a start fails, and leaves alone what it never came to", async () => {
    const first = setup();
    const { seen } = first;
    const { app } = setup({ lifecycles: [first.part("a"), first.part("b", true), first.part("c")] });
    await expect(app.start()).rejects.toThrow("start b");
    expect(seen).toEqual(["start a", "start b", "stop b", "stop a"]);
    await app.stop();
  });

  it("ends a start that is under way when it is stopped", async () => {
    const hanging: Lifecycle = {
      name: "hanging",
      start: (signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
      stop: async () => {},
    };
    const { app, seen } = setup({ lifecycles: [hanging] });
    const starting = app.start();
    starting.catch(() => {});
    await app.stop();
    await expect(starting).rejects.toThrow("shop was stopped while it started");
    expect(seen).toEqual([]);
    await expect(app.start()).rejects.toThrow();
  });

  it("does not start once it was stopped", async () => {
    const { app, seen } = setup();
    await app.stop();
    await expect(app.start()).rejects.toThrow("shop was stopped while it started");
    expect(seen).toEqual([]);
  });

  it("tells what did not stop, after all the rest has", async () => {
    const failing: Lifecycle = {
      name: "failing",
      start: async () => {},
      stop: () => Promise.reject(new Error("stop")),
    };
    const { app, seen } = setup({ lifecycles: [failing] });
    await app.start();
    await expect(app.stop()).rejects.toThrow("shop did not stop cleanly");
    expect(seen).toContain("close");
  });

  it("does not wait for ever for a part that does not heed the end of the grace period", async () => {
    const clock = new FakeClock();
    const deaf: Lifecycle = { name: "deaf", start: async () => {}, stop: () => new Promise(() => {}) };
    const { app, seen } = setup({ lifecycles: [deaf], clock, gracePeriodMs: 1_000 });
    await app.start();
    const stopping = app.stop();
    stopping.catch(() => {});
    await clock.advance(1_250);
    await expect(stopping).rejects.toMatchObject({ errors: [new Error("deaf did not stop in time")] });
    expect(seen).toEqual(["listen", "drain", "close"]);
    expect(clock.pending).toBe(0);
  });

  it("does not wait for the grace period once it is forced", async () => {
    const clock = new FakeClock();
    const slow: Lifecycle = {
      name: "slow",
      start: async () => {},
      stop: (signal) =>
        new Promise((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve());
        }),
    };
    const { app } = setup({ lifecycles: [slow], clock });
    await app.start();
    const stopping = app.stop();
    await app.force();
    await stopping;
    expect(clock.pending).toBe(0);
  });

  it("refuses a wrong name, registry or option", () => {
    for (const wrong of [
      { name: "" },
      { name: "a b" },
      { name: undefined },
      { name: "a\n" },
      { registry: null },
      { registry: {} },
      { port: -1 },
      { registry: "consul://x" },
    ]) {
      expect(() => setup(wrong as Partial<AppOptions>), JSON.stringify(wrong)).toThrow(ConfigError);
    }
  });

  it("says which services cannot be", async () => {
    class Plain {
      async get(): Promise<ItemInit> {
        return {};
      }
    }
    const { app, seen } = setup({ services: [Plain] });
    await expect(app.start()).rejects.toThrow("Plain serves no contract");
    expect(seen).toEqual(["start own", "stop own"]);
  });
});
