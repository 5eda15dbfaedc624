import {
  Code,
  createApp,
  createFeed,
  memoryRegistry,
  Service,
  type App,
  type AppOptions,
  type RegistryBackend,
  type ServiceInstance,
  type Snapshot,
} from "@rollcall/app";
import {
  FakeClock,
  MemoryNetwork,
  memoryServerTransport,
  memoryTransport,
  seededRandom,
} from "@rollcall/testing";
import { describe, expect, it } from "vitest";
import { Billing, type ChargeReplyInit } from "../fixtures/gen/shop/v1/shop.js";

@Service(Billing)
class BillingService {
  async charge(): Promise<ChargeReplyInit> {
    return { ok: true };
  }
}

/** Apps of their own on one network and clock, as processes are. */
class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly random = seededRandom(7);
  readonly network = new MemoryNetwork({ clock: this.clock, random: this.random });
  readonly apps: App[] = [];
  /** Calls served, by address. */
  readonly served = new Map<string, number>();

  constructor(readonly registry: RegistryBackend = memoryRegistry()) {}

  async start(options: Partial<AppOptions> = {}): Promise<App> {
    const app = createApp({
      name: "billing",
      host: "127.0.0.1",
      env: {},
      logLevel: "silent",
      propagationDelayMs: 0,
      registry: this.registry,
      clock: this.clock,
      random: this.random,
      transport: memoryTransport(this.network),
      serverTransport: memoryServerTransport(this.network),
      interceptors: [
        (next) => (call) => {
          this.served.set(app.address, (this.served.get(app.address) ?? 0) + 1);
          return next(call);
        },
      ],
      ...options,
    });
    this.apps.push(app);
    await app.start();
    return app;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = Promise.all(this.apps.map((app) => app.force().catch(() => {})));
    await this.clock.advance(60_000);
    await stopped;
  }
}

describe("the pool on a fake clock", () => {
  it("lets a newcomer start slowly, by the clock", async () => {
    await using world = new World();
    const first = await world.start({ services: [BillingService] });
    const caller = await world.start({ name: "caller" });
    const billing = caller.client(Billing);
    const share = async (of: App): Promise<number> => {
      world.served.clear();
      for (let n = 0; n < 400; n++) await billing.charge({});
      return (world.served.get(of.address) ?? 0) / 400;
    };
    expect(await share(first)).toBe(1);
    const second = await world.start({ services: [BillingService] });
    await world.clock.advance(100);
    expect(await share(second)).toBeCloseTo(0.1 / 1.1, 1);
    await world.clock.advance(5_000);
    expect(await share(second)).toBeCloseTo(0.5 / 1.5, 1);
    await world.clock.advance(5_000);
    expect(await share(second)).toBeCloseTo(0.5, 1);
  });

  it("keeps instances that vanish from the registry all at once while they answer, for ten minutes", async () => {
    const feed = createFeed<Snapshot>();
    const table = memoryRegistry();
    await using world = new World({
      ...table,
      open: () => Object.assign(feed, { [Symbol.asyncDispose]: async () => {} }),
    });
    const servers = [
      await world.start({ services: [BillingService] }),
      await world.start({ services: [BillingService] }),
    ];
    const instances = servers.map(({ address }): ServiceInstance => ({
      id: address,
      incarnation: "1-a",
      app: "billing",
      service: Billing.name,
      address,
      version: "1",
      track: "stable",
      zone: "",
      weight: 100,
      state: "up",
      features: [],
      labels: {},
    }));
    let revision = 0;
    const publish = (all: readonly ServiceInstance[]): void =>
      feed.publish({ service: Billing.name, revision: revision++, instances: all });
    const caller = await world.start({ name: "caller" });
    const billing = caller.client(Billing);
    const ids = async (): Promise<number> => {
      world.served.clear();
      for (let n = 0; n < 20; n++) await billing.charge({});
      return [...world.served.values()].filter((count) => count >= 5).length;
    };
    publish(instances);
    await world.clock.advance(0);
    expect(await ids()).toBe(2);

    publish([]);
    await world.clock.advance(60_000);
    expect(await ids()).toBe(2);
    // One of them stops answering: its probe fails within its two seconds, at the latest five after the last.
    world.network.silence(servers[0]!.address);
    await world.clock.advance(7_000);
    expect(await ids()).toBe(1);
    await world.clock.advance(10 * 60_000);
    const call = billing.charge({}, { timeoutMs: 100 });
    const failed = expect(call).rejects.toMatchObject({
      code: Code.Unavailable,
      reason: expect.stringContaining("no instance of shop.v1.Billing is registered") as string,
    });
    await world.clock.advance(100);
    await failed;
  });
});
