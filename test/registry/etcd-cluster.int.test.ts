import { etcdRegistry } from "@rollcall/registry/etcd";
import { findEtcd } from "@rollcall/testing";
import { describe, expect, test } from "vitest";
import { withoutRealEtcd } from "../etcd/describe-etcd.js";
import { EtcdCluster } from "./etcd-cluster.js";
import { createLog, orders, Scene, ttlMs } from "./scene.js";
import { until, untilTrue } from "./until.js";

const binary = findEtcd();
if (binary === undefined) withoutRealEtcd("a registry in three etcds [real etcd]");
else describe("a registry in three etcds [real etcd]", () => suite(binary));

function suite(binary: string): void {
  test("goes on when the leader is killed, and with a member that lost the others", async () => {
    await using cluster = await EtcdCluster.start(binary);
    await using scene = await Scene.start("cluster", { endpoints: cluster.endpoints });
    const leader = (await cluster.leader())!;
    const [alone, other] = [0, 1, 2].filter((n) => n !== leader) as [number, number];

    await cluster.kill(leader);
    await scene.hears(40);
    expect(await scene.isRight()).toBeLessThan(ttlMs + 5000);

    const { lines, logger } = createLog();
    const endpoints = [cluster.endpoints[alone]!];
    await using caller = etcdRegistry({ endpoints, keyPrefix: "cluster", logger });
    await using feed = caller.open(orders);
    const { value: seen } = await until(feed, ({ instances }) => instances.length === 2);
    await cluster.kill(other);
    // Without `hasleader` the watch would stay silent for as long as the member is alone.
    await untilTrue(() => lines.some(({ text }) => text === "etcd watch failed"), 10_000);
    expect(String(lines.find(({ text }) => text === "etcd watch failed")?.fields["reason"])).toMatch(
      /no leader/,
    );
    expect(feed.current).toBe(seen);
    expect(scene.registrations.map(({ state }) => state.current)).toEqual(["visible", "visible"]);

    cluster.run(other);
    cluster.run(leader);
    await Promise.all(scene.registrations.map((registration) => registration.update({ weight: 41 })));
    for (const each of [scene.feed, feed])
      await until(each, ({ instances }) => instances.every(({ weight }) => weight === 41), 10_000);
    expect(await scene.isRight()).toBeLessThan(ttlMs + 5000);
  });
}
