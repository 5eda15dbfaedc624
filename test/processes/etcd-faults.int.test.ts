import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type ClientOf, type Feed, type RegistryBackend, type Snapshot } from "@rollcall/app";
import { etcdRegistry } from "@rollcall/registry/etcd";
import { etcdBackends, type EtcdUnderTest } from "@rollcall/testing";
import { receiptInterceptor, type FleetProcess } from "@rollcall/testing/fleet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutRealEtcd } from "../etcd/describe-etcd.js";
import { Orders } from "../fixtures/gen/shop/v1/shop.js";
import { TcpProxy } from "../registry/tcp-proxy.js";
import { untilRight } from "./registry-check.js";
import { portOf, startService } from "./service-process.js";
import { expectNoneDropped, startTraffic, type Traffic } from "./traffic.js";

const suite = "services and a caller while things go wrong with etcd";
const real = etcdBackends().find(({ name }) => name === "real");
const ttlMs = 5_000;

/** A caller of a process of its own, as far as the registry goes, and the feed it follows. */
interface Caller extends AsyncDisposable {
  readonly orders: ClientOf<Orders>;
  readonly feed: Feed<Snapshot>;
}

function startCaller(url: string): Caller {
  const registry: RegistryBackend = etcdRegistry({ url });
  const orders = createClient(Orders, { registry, timeoutMs: 2_000, interceptors: [receiptInterceptor] });
  const feed = registry.open(Orders.name);
  return {
    orders,
    feed,
    async [Symbol.asyncDispose]() {
      await orders[Symbol.asyncDispose]();
      await feed[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

function faults(start: () => Promise<EtcdUnderTest>): void {
  let etcd: EtcdUnderTest;
  let url: string;
  let services: FleetProcess[] = [];
  let caller: Caller;
  let observer: Caller;

  beforeAll(async () => {
    etcd = await start();
    url = `${etcd.url}?ttlMs=${ttlMs}`;
    caller = startCaller(url);
    observer = startCaller(url);
    services = await Promise.all([0, 1, 2].map(() => startService(url)));
    await untilRight(etcd, [caller.feed, observer.feed], addresses(), 10_000);
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service[Symbol.asyncDispose]()));
    await caller?.[Symbol.asyncDispose]();
    await observer?.[Symbol.asyncDispose]();
    await etcd?.close();
  });

  const addresses = (): string[] => services.map((service) => service.serving!.address);
  const traffic = (by: Caller = caller, timeoutMs?: number): Traffic =>
    startTraffic({ ratePerSecond: 100, call: () => by.orders.get({ id: "1" }, { timeoutMs }) });
  const report = (fault: string, ms: number, what = "all right again"): void =>
    console.info(`${fault}: ${what} after ${Math.round(ms)} ms`);

  /** No call fails, and once the fault is over the registry is right again in time. */
  async function endure(name: string, withinMs: number, fault: () => Promise<unknown>): Promise<void> {
    await using calls = traffic();
    await sleep(200);
    await fault();
    const tookMs = await untilRight(etcd, [caller.feed, observer.feed], addresses(), withinMs);
    await sleep(500);
    report(name, tookMs);
    expect(tookMs).toBeLessThan(withinMs);
    expectNoneDropped(await calls.end());
  }

  it("etcd is down for 3 s", () => endure("etcd down 3 s", 10_000, () => etcd.restart(3_000)));

  it("etcd is down past the leases' time to live", () =>
    endure("etcd down 7 s, TTL 5 s", 10_000, () => etcd.restart(7_000)));

  it("etcd is stopped by SIGSTOP past the leases' time to live", () =>
    endure("etcd SIGSTOP 12 s, TTL 5 s", 10_000, async () => {
      await etcd.pause();
      await sleep(12_000);
      etcd.resume();
    }));

  it("etcd is wiped", () => endure("etcd wiped", 10_000, () => etcd.wipe()));

  it("all keys are deleted at once", () => endure("all keys deleted", 5_000, () => etcd.delete("services/")));

  it("one key is deleted", () =>
    endure("own key deleted", 1_000, async () => {
      expect(await etcd.delete(`services/${Orders.name}/${addresses()[0]}`)).toBe(1);
    }));

  it("one lease is revoked", () =>
    endure("lease revoked", 5_000, async () => {
      const [lease] = await etcd.leases();
      await etcd.revokeLease(lease!);
      expect(await etcd.read("services/")).toHaveProperty("size", 2);
    }));

  it("etcd is compacted while a caller is cut off from it, and an instance is replaced meanwhile", async () => {
    await using proxy = await TcpProxy.start(portOf(etcd.address));
    await using apart = startCaller(`etcd://${proxy.address}?ttlMs=${ttlMs}`);
    const feeds = [apart.feed, caller.feed, observer.feed];
    await untilRight(etcd, feeds, addresses(), 5_000);
    await using calls = traffic(apart);
    await proxy.cut();
    await services[0]!.stop();
    services[0] = await startService(url);
    await etcd.compact();
    await proxy.restore();
    const tookMs = await untilRight(etcd, feeds, addresses(), 10_000);
    report("compacted while cut off", tookMs);
    expectNoneDropped(await calls.end());
  });

  it("a service is stopped by SIGSTOP past its lease's time to live", async () => {
    const key = `services/${Orders.name}/${addresses()[0]}`;
    // Calls that are sent into the stopped process wait there, so they need the time to be answered when it goes on.
    await using calls = traffic(caller, 20_000);
    const stoppedAt = performance.now();
    services[0]!.signal("SIGSTOP");
    await expect.poll(() => etcd.read(key), { interval: 50, timeout: 8_000 }).toHaveProperty("size", 0);
    const goneMs = performance.now() - stoppedAt;
    report("service SIGSTOP", goneMs, "its key was gone");
    expect(goneMs).toBeLessThan(7_000);

    await sleep(200);
    calls.step("without it");
    await sleep(12_000 - (performance.now() - stoppedAt));
    calls.step("it goes on");
    services[0]!.signal("SIGCONT");
    const tookMs = await untilRight(etcd, [caller.feed, observer.feed], addresses(), 5_000);
    report("service SIGSTOP 12 s, TTL 5 s", tookMs);
    expect(tookMs).toBeLessThan(2_000);
    const receipt = await calls.end();
    expectNoneDropped(receipt);
    // Once callers know that it is gone none goes there.
    expect(receipt.steps.find(({ name }) => name === "without it")?.maxMs).toBeLessThan(1_000);
  });
}

if (real) describe(`${suite} [real etcd]`, () => faults(() => real.start()));
else withoutRealEtcd(`${suite} [real etcd]`);
