import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { etcdRegistry } from "@rollcall/registry/etcd";
import type { EtcdUnderTest } from "@rollcall/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeEtcd } from "../etcd/describe-etcd.js";
import { orders, ttlMs } from "./scene.js";
import { until, untilTrue } from "./until.js";
import { typeScript } from "../programs.js";

/** A process that offers `shop.v1.Orders`; see the fixture. */
class Offering implements AsyncDisposable {
  readonly child: ChildProcess;
  said = "";

  constructor(url: string, address: string) {
    const file = new URL("fixtures/offering-process.ts", import.meta.url).pathname;
    this.child = spawn(process.execPath, [...typeScript, file, url, address], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.said += chunk.toString();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }
}

describeEtcd("a process in etcd", (start) => {
  let etcd: EtcdUnderTest;
  beforeAll(async () => {
    etcd = await start();
  });
  afterAll(() => etcd.close());

  const urlFor = (prefix: string): string => `${etcd.url}/${prefix}?ttlMs=${ttlMs}&dialTimeoutMs=1000`;

  test("is registered again within 2 s after it was stopped for longer than its time to live", async () => {
    await using caller = etcdRegistry({ url: urlFor("stopped") });
    await using feed = caller.open(orders);
    await using offering = new Offering(urlFor("stopped"), "10.0.0.1:80");
    await until(feed, ({ instances }) => instances.length === 1, 10_000);
    await untilTrue(() => offering.said.includes("visible"));
    offering.child.kill("SIGSTOP");
    await until(feed, ({ instances }) => instances.length === 0, ttlMs + 5000);
    offering.child.kill("SIGCONT");
    expect((await until(feed, ({ instances }) => instances.length === 1)).tookMs).toBeLessThan(2000);
    await untilTrue(() => offering.said.endsWith("visible\nlost\nvisible\n"));
  });

  test("is gone within its time to live and 2 s after it was killed", async () => {
    await using caller = etcdRegistry({ url: urlFor("killed") });
    await using feed = caller.open(orders);
    await using offering = new Offering(urlFor("killed"), "10.0.0.1:80");
    await until(feed, ({ instances }) => instances.length === 1, 10_000);
    offering.child.kill("SIGKILL");
    expect((await until(feed, ({ instances }) => instances.length === 0, 10_000)).tookMs).toBeLessThan(
      ttlMs + 2000,
    );
  });

  test("takes the address over at once when it starts again before its old record ran out", async () => {
    const url = `${etcd.url}/again?ttlMs=60000`;
    await using caller = etcdRegistry({ url });
    await using feed = caller.open(orders);
    await using first = new Offering(url, "10.0.0.1:80");
    const before = (await until(feed, ({ instances }) => instances.length === 1, 10_000)).value;
    first.child.kill("SIGKILL");
    await using second = new Offering(url, "10.0.0.1:80");
    await untilTrue(() => second.said.includes("visible"));
    await until(
      feed,
      ({ instances }) => instances[0]?.incarnation !== before.instances[0]?.incarnation,
      1000,
    );
  });

  test("leaves no record and ends by itself when it has deregistered", async () => {
    const others = await etcd.leases();
    await using caller = etcdRegistry({ url: urlFor("left") });
    await using feed = caller.open(orders);
    await using offering = new Offering(urlFor("left"), "10.0.0.1:80");
    await until(feed, ({ instances }) => instances.length === 1, 10_000);
    const exit = once(offering.child, "exit");
    offering.child.kill("SIGTERM");
    await until(feed, ({ instances }) => instances.length === 0, 1000);
    expect(await exit).toEqual([0, null]);
    // Those of processes that other tests killed may run out meanwhile.
    expect((await etcd.leases()).filter((lease) => !others.includes(lease))).toEqual([]);
  });
});
