import { Code } from "@rollcall/core";
import { etcdRegistry } from "@rollcall/registry/etcd";
import { EtcdServer, type EtcdUnderTest } from "@rollcall/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { describeEtcd } from "../etcd/describe-etcd.js";
import { instanceOf } from "./instance.js";
import { createLog, orders, Scene, ttlMs } from "./scene.js";
import { TcpProxy } from "./tcp-proxy.js";
import { until, untilTrue } from "./until.js";

const never = new AbortController().signal;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

describeEtcd("a registry in etcd", (start) => {
  let etcd: EtcdUnderTest;
  let run = 0;
  let prefix = "";
  beforeAll(async () => {
    etcd = await start();
  });
  beforeEach(() => {
    run += 1;
    prefix = `run-${run}`;
  });
  afterAll(() => etcd.close());

  const port = (): number => Number(etcd.address.split(":")[1]);

  test("is right again after etcd restarted within the time to live", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const before = await etcd.read(prefix);
    await etcd.restart(300);
    await scene.hears(50);
    expect(await scene.isRight()).toBeLessThan(3000);
    expect([...(await etcd.read(prefix)).keys()]).toEqual([...before.keys()]);
  });

  test("is right again after etcd was down for longer than the time to live", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const seen = scene.feed.current;
    await etcd.restart(ttlMs + 1500);
    expect(scene.feed.current?.instances).toEqual(seen?.instances);
    await scene.hears(50);
    expect(await scene.isRight()).toBeLessThan(ttlMs + 5000);
  });

  test("keeps the last snapshot while etcd hangs, and is right again when it goes on", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const seen = scene.feed.current;
    await etcd.pause();
    await pause(ttlMs * 2);
    expect(scene.feed.current).toBe(seen);
    etcd.resume();
    await pause(300);
    expect(await scene.isRight()).toBeLessThan(ttlMs + 5000);
    await scene.hears(50);
  });

  test("is right again after etcd was wiped", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    await etcd.wipe();
    await untilTrue(async () => (await etcd.read(prefix)).size === 2, 10_000);
    expect(await scene.isRight()).toBeLessThan(10_000);
    await scene.hears(50);
  });

  test("notices a wiped etcd that has since written more than the watcher had seen", async () => {
    await using proxy = await TcpProxy.start(port());
    await using scene = await Scene.start(prefix, { url: etcd.url }, { endpoints: [proxy.address] });
    await etcd.put(scene.key("10.0.0.9:80"), `{"Op":0,"Addr":"10.0.0.9:80"}`);
    await until(scene.feed, ({ instances }) => instances.length === 3);
    const seen = await etcd.revision();
    await proxy.cut();
    await etcd.wipe();
    // Other tests of this file, if they ran before, have written thousands.
    const some = Array.from({ length: 100 });
    while ((await etcd.revision()) < seen + 10) await Promise.all(some.map(() => etcd.put("other", "value")));
    await proxy.restore();
    expect(await scene.isRight()).toBeLessThan(10_000);
    await scene.hears(50);
  });

  test("misses nothing when its revision was compacted while it was cut off", async () => {
    await using proxy = await TcpProxy.start(port());
    await using scene = await Scene.start(prefix, { url: etcd.url }, { endpoints: [proxy.address] });
    await etcd.put(scene.key("10.0.0.9:80"), `{"Op":0,"Addr":"10.0.0.9:80"}`);
    await until(scene.feed, ({ instances }) => instances.length === 3);
    await proxy.cut();
    await etcd.delete(scene.key("10.0.0.9:80"));
    await scene.registrations[0]!.update({ weight: 11 });
    await etcd.compact();
    await proxy.restore();
    expect(await scene.isRight()).toBeLessThan(10_000);
    expect(scene.feed.current?.instances[0]?.weight).toBe(11);
    await scene.hears(50);
  });

  test("misses nothing of thousands of changes it has to catch up with", async () => {
    await using proxy = await TcpProxy.start(port());
    await using scene = await Scene.start(prefix, { url: etcd.url }, { endpoints: [proxy.address] });
    await proxy.cut();
    const ids = Array.from({ length: 2500 }, (_, n) => `10.1.${n >> 8}.${n & 255}:80`);
    for (let from = 0; from < ids.length; from += 100)
      await Promise.all(
        ids.slice(from, from + 100).map((id) => etcd.put(scene.key(id), `{"Op":0,"Addr":"${id}"}`)),
      );
    await proxy.restore();
    await until(scene.feed, ({ instances }) => instances.length === 2502, 10_000);
    await etcd.delete(`${prefix}/services/${orders}/10.1.`);
    expect(await scene.isRight()).toBeLessThan(5000);
  });

  test("reconnects when bytes are lost without an error", async () => {
    await using proxy = await TcpProxy.start(port());
    await using scene = await Scene.start(prefix, { endpoints: [proxy.address] });
    proxy.freeze();
    await pause(ttlMs * 2);
    await proxy.cut();
    await proxy.restore();
    await scene.hears(50);
    expect(await scene.isRight()).toBeLessThan(ttlMs + 5000);
  });

  test("registers again when its lease is revoked", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const [registration] = scene.registrations;
    for (const id of await etcd.leases()) await etcd.revokeLease(id);
    await until(registration!.state, (state) => state === "lost", 3000);
    expect(await scene.isRight()).toBeLessThan(ttlMs / 3 + 1500);
  });

  test("registers again at once when an operator deletes its key", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const [registration] = scene.registrations;
    const leases = await etcd.leases();
    const lost = until(registration!.state, (state) => state === "lost", 3000);
    const gone = until(scene.feed, ({ instances }) => instances.length === 1, 3000);
    expect(await etcd.delete(scene.key("10.0.0.1:80"))).toBe(1);
    await Promise.all([lost, gone]);
    expect(await scene.isRight()).toBeLessThan(1000);
    expect(await etcd.leases()).toEqual(leases);
  });

  test("puts its record right when somebody overwrites it", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const key = scene.key("10.0.0.1:80");
    const record = (await etcd.read(key)).get(key);
    for (const value of ["{", `{"Op":0,"Addr":"10.9.9.9:1"}`]) {
      await etcd.put(key, value);
      await untilTrue(async () => (await etcd.read(key)).get(key) === record);
    }
    expect(await scene.isRight()).toBeLessThan(1000);
  });

  test("drops only poisoned records, each with one warning", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const address = `"Op":0,"Addr":"10.0.0.7:80"`;
    const poisoned = [
      "{",
      "[]",
      "null",
      `{"Op":0,"Addr":"unix:///tmp/a"}`,
      `{"Op":0,"Addr":"10.0.0.7"}`,
      `{${address},"ext":{"w":-1}}`,
      `{${address},"ext":{"w":1e309}}`,
      `{${address},"ext":{"labels":{"__proto__":"x"}}}`,
      `{${address},"ext":{"zone":"a\\u0000b"}}`,
      `{${address},"Metadata":"${"x".repeat(1_000_000)}"}`,
    ];
    for (const [n, value] of poisoned.entries()) await etcd.put(scene.key(`poison-${n}`), value);
    await etcd.put(scene.key("stock"), `{${address},"Metadata":{"weight":1}}`);
    await until(scene.feed, ({ instances }) => instances.some(({ id }) => id === "stock"));
    expect(scene.feed.current?.instances.map(({ id }) => id)).toEqual([
      "10.0.0.1:80",
      "10.0.0.2:80",
      "stock",
    ]);
    await etcd.restart();
    await etcd.delete(scene.key("stock"));
    await scene.isRight();
    // The same values, read again from the start.
    await etcd.put(scene.key("poison-0"), poisoned[0]!);
    await scene.hears(50);
    const warned = scene.lines
      .filter(({ text }) => text.includes("is ignored"))
      .map(({ fields }) => fields["key"]);
    expect(warned).toHaveLength(poisoned.length);
    expect(new Set(warned)).toEqual(new Set(poisoned.map((_, n) => scene.key(`poison-${n}`))));
  });

  test("reads and registers as soon as an etcd that was not there at the start is", async () => {
    await etcd.stop();
    await using scene = new Scene(prefix, { url: etcd.url });
    await expect(scene.caller.ready(AbortSignal.timeout(200))).rejects.toThrow(/etcd did not answer/);
    expect(scene.feed.current).toBeUndefined();
    expect(scene.registrations[0]?.state.current).toBe("pending");
    await etcd.start();
    expect(await scene.isRight()).toBeLessThan(5000);
    await scene.caller.ready(AbortSignal.timeout(5000));
  });

  test("logs an outage at a falling rate", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    await etcd.restart(2500);
    await scene.hears(50);
    const watch = scene.lines.filter(({ text }) => text.startsWith("etcd watch"));
    const failed = watch.filter(({ text }) => text === "etcd watch failed");
    expect(failed.length).toBeGreaterThan(2);
    expect(failed.every(({ fields }) => Number.isInteger(Math.log2(fields["failures"] as number)))).toBe(
      true,
    );
    expect(watch.some(({ level, text }) => level === "info" && text === "etcd watch works again")).toBe(true);
  });

  test("uses the members that are there when others are dead or silent", async () => {
    await using silent = await TcpProxy.start(port());
    silent.freeze();
    await using gone = await TcpProxy.start(port());
    await gone.cut();
    const endpoints = [gone.address, silent.address, etcd.address];
    // 0: the first member is tried first.
    await using scene = new Scene(prefix, { endpoints, random: () => 0 });
    expect(await scene.isRight()).toBeLessThan(5000);
    await scene.hears(50);
  });

  test("keeps key prefixes apart", async () => {
    await using one = await Scene.start(`${prefix}/one`, { url: etcd.url });
    await using other = etcdRegistry({ url: `${etcd.url}/${prefix}/other`, ttlMs });
    await using feed = other.open(orders);
    expect((await until(feed, () => true)).value.instances).toEqual([]);
    expect([...(await etcd.read(`${prefix}/`)).keys()]).toEqual([
      one.key("10.0.0.1:80"),
      one.key("10.0.0.2:80"),
    ]);
  });

  test("is bounded by its signal when etcd hangs as a process leaves, and its record goes", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    await etcd.pause();
    try {
      const startedAt = performance.now();
      await expect(scene.registrations[0]!.deregister(AbortSignal.timeout(300))).rejects.toThrow(/timeout/);
      expect(performance.now() - startedAt).toBeLessThan(1000);
    } finally {
      etcd.resume();
    }
    await until(scene.feed, ({ instances }) => instances.length === 1, ttlMs + 5000);
  });

  test("says draining, then nothing, without waiting for the coalescing", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const [registration] = scene.registrations;
    // Opens the window in which a change would have to wait.
    await scene.hears(7);
    const draining = until(scene.feed, ({ instances }) => instances[0]?.state === "draining");
    await registration!.update({ state: "draining" });
    expect((await draining).tookMs).toBeLessThan(500);
    await registration!.deregister(AbortSignal.timeout(2000));
    await until(scene.feed, ({ instances }) => instances.length === 1, 500);
    expect((await etcd.read(prefix)).size).toBe(1);
  });
});

describe("a registry in an etcd with faults of its own", () => {
  test("registers although the end of its transactions stays unknown", async () => {
    await using etcd = await EtcdServer.start();
    await using registry = etcdRegistry({ url: etcd.url, ttlMs, logger: createLog().logger });
    etcd.failNext(Code.DeadlineExceeded, 2, { method: "Txn" });
    etcd.failNext(Code.Unavailable, 2, { method: "LeaseGrant" });
    const registration = registry.register([instanceOf()], never);
    await until(registration.state, (state) => state === "visible");
    await registration.deregister(AbortSignal.timeout(1000));
  });

  test("goes on watching when all watches are cut again and again", async () => {
    await using etcd = await EtcdServer.start();
    await using scene = await Scene.start("", { url: etcd.url });
    for (const weight of [1, 2, 3]) {
      etcd.cutWatches();
      await scene.hears(weight);
    }
  });

  test("gets a new token when etcd no longer takes the one it has", async () => {
    await using etcd = await EtcdServer.start({ users: { shop: "s3cret" } });
    const address = etcd.url.replace("etcd://", "");
    await using scene = await Scene.start("", { url: `etcd://shop:s3cret@${address}` });
    etcd.expireTokens();
    etcd.cutWatches();
    await scene.hears(50);
    expect(await scene.isRight()).toBeLessThan(3000);
    expect(scene.caller.description).toBe(`etcd://${address}`);
  });

  test("says at once that etcd refuses the password", async () => {
    await using etcd = await EtcdServer.start({ users: { shop: "s3cret" } });
    await using registry = etcdRegistry({ url: etcd.url.replace("//", "//shop:wrong@") });
    await expect(registry.ready(AbortSignal.timeout(5000))).rejects.toThrow(/etcd refuses the user/);
  });
});
