import { Code, type Leadership, type RolloutPolicy } from "@rollcall/core";
import { etcdRegistry } from "@rollcall/registry/etcd";
import { EtcdServer, type EtcdUnderTest } from "@rollcall/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { describeEtcd } from "../etcd/describe-etcd.js";
import { policyOf, reportOf, rolloutsOf } from "./policies.js";
import { createLog, orders, Scene, ttlMs } from "./scene.js";
import { TcpProxy } from "./tcp-proxy.js";
import { until, untilTrue } from "./until.js";

const soon = (): AbortSignal => AbortSignal.timeout(10_000);

/** Changes the policy as an operator does. */
async function change(scene: Scene, gen: number): Promise<void> {
  const store = rolloutsOf(scene.operator);
  const { revision } = await store.read(orders, soon());
  const done = await store.compareAndSet([{ service: orders, revision, policy: policyOf({ gen }) }], soon());
  expect(done).toEqual({ won: true });
}

async function sees(scene: Scene, gen: number, withinMs: number = 10_000): Promise<RolloutPolicy> {
  const isThere = ({ policy, policyLost }: { policy?: RolloutPolicy | undefined; policyLost?: unknown }) =>
    policy?.gen === gen && policyLost === undefined;
  return (await until(scene.feed, isThere, withinMs)).value.policy!;
}

function lostOf({ lost }: Leadership, withinMs: number = 10_000): Promise<number> {
  return untilTrue(() => lost.aborted, withinMs);
}

describeEtcd("policies in etcd", (start) => {
  let etcd: EtcdUnderTest;
  let run = 0;
  let prefix = "";
  beforeAll(async () => {
    etcd = await start();
  });
  beforeEach(() => {
    run += 1;
    prefix = `rollouts-${run}`;
  });
  afterAll(() => etcd.close());

  const port = (): number => Number(etcd.address.split(":")[1]);
  const policyKey = (): string => `${prefix}/rollout/${orders}`;

  test("keeps the last good policy when what is written is none, with one warning per value", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    await change(scene, 1);
    const policy = await sees(scene, 1);
    const bad = [`{"gen":2}`, "{", JSON.stringify(policyOf({ rules: [{ to: {}, percent: 5 }] })), "{"];
    for (const value of bad) await etcd.put(policyKey(), value);
    const stored = await rolloutsOf(scene.operator).read(orders, soon());
    expect(stored).toMatchObject({ policy: undefined, fault: "is not JSON in UTF-8" });
    await scene.hears(50);
    expect(scene.feed.current?.policy).toBe(policy);
    expect(scene.feed.current?.policyLost).toBeUndefined();
    const warned = scene.lines.filter(({ text }) => text.startsWith("etcd policy is ignored"));
    expect(warned.map(({ level }) => level)).toEqual(["warn", "warn", "warn"]);
    expect(warned.map(({ fields }) => String(fields["why"]))).toEqual([
      expect.stringMatching(/^stable: /),
      "is not JSON in UTF-8",
      "rules[0].to: chooses nothing: give version, track, id or labels",
    ]);
    await change(scene, 3);
    await sees(scene, 3);
  });

  test("has no policy before a caller saw a good one", async () => {
    await etcd.put(policyKey(), "[]");
    await using scene = await Scene.start(prefix, { url: etcd.url });
    expect(scene.feed.current?.policy).toBeUndefined();
    expect(scene.feed.current?.policyLost).toBeUndefined();
    await etcd.delete(policyKey());
    await scene.hears(50);
    expect(scene.feed.current?.policyLost).toBeUndefined();
  });

  test("keeps the last good policy as lost when the document is deleted, until it is back", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    await change(scene, 1);
    const policy = await sees(scene, 1);
    const { [policyKey()]: document = "" } = Object.fromEntries(await etcd.read(policyKey()));
    await etcd.delete(policyKey());
    const { value } = await until(scene.feed, ({ policyLost }) => policyLost === true);
    expect(value.policy).toBe(policy);
    await etcd.put(policyKey(), document);
    expect(await sees(scene, 1)).toBe(policy);
    // Not one that a key of another service, whose name begins the same, could bring back or take.
    await etcd.put(`${policyKey()}Archive`, "{");
    await scene.hears(50);
    expect(scene.feed.current?.policy).toBe(policy);
  });

  test("keeps the last good policy as lost when etcd was wiped, and takes the one that is restored", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    await change(scene, 4);
    const policy = await sees(scene, 4);
    await etcd.wipe();
    const { value } = await until(scene.feed, ({ policyLost }) => policyLost === true, 10_000);
    expect(value.policy).toBe(policy);
    await scene.isRight();
    expect(scene.feed.current?.policy).toBe(policy);
    await change(scene, 5);
    await sees(scene, 5);
    await scene.hears(50);
  });

  test("notices a wiped etcd that has since written more than the watcher had seen", async () => {
    await using proxy = await TcpProxy.start(port());
    await using scene = await Scene.start(prefix, { url: etcd.url }, { endpoints: [proxy.address] });
    await change(scene, 1);
    const policy = await sees(scene, 1);
    const seen = await etcd.revision();
    await proxy.cut();
    await etcd.wipe();
    while ((await etcd.revision()) < seen + 10) await etcd.put("other", "value");
    await proxy.restore();
    const { value } = await until(scene.feed, ({ policyLost }) => policyLost === true, 10_000);
    expect(value.policy).toBe(policy);
  });

  test.each(["is sound", "is compacted"])(
    "misses no change of the policy while its watch is cut, when the history %s",
    async (history) => {
      await using proxy = await TcpProxy.start(port());
      await using scene = await Scene.start(prefix, { url: etcd.url }, { endpoints: [proxy.address] });
      await change(scene, 1);
      await sees(scene, 1);
      await proxy.cut();
      await change(scene, 2);
      await Promise.all(scene.registrations.map((each) => each.update({ weight: 7 })));
      if (history === "is compacted") await etcd.compact();
      await proxy.restore();
      await sees(scene, 2);
      await until(scene.feed, ({ instances }) => instances.every(({ weight }) => weight === 7));
      await change(scene, 3);
      await sees(scene, 3);
    },
  );

  test("misses no change of the policy after thousands of changes of instances, or the other way round", async () => {
    await using proxy = await TcpProxy.start(port());
    await using scene = await Scene.start(prefix, { url: etcd.url }, { endpoints: [proxy.address] });
    await proxy.cut();
    await change(scene, 1);
    for (let n = 0; n < 1500; n += 100)
      await Promise.all(
        Array.from({ length: 100 }, (_, m) =>
          etcd.put(scene.key("10.0.0.9:80"), `{"Op":0,"Addr":"10.0.0.9:${1 + n + m}"}`),
        ),
      );
    await change(scene, 2);
    await proxy.restore();
    await sees(scene, 2);
    await until(scene.feed, ({ instances }) => instances.length === 3);
    for (let gen = 3; gen < 20; gen += 1) await change(scene, gen);
    await sees(scene, 19);
    await etcd.delete(scene.key("10.0.0.9:80"));
    await scene.isRight();
  });

  test("changes the policy as soon as an etcd that was away is back", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    await etcd.stop();
    const changed = change(scene, 1);
    const bounded = rolloutsOf(scene.operator).read(orders, AbortSignal.timeout(200));
    await expect(bounded).rejects.toThrow(/reading rollouts-\d+\/rollout\/shop.v1.Orders failed: |timeout/);
    await etcd.start();
    await changed;
    await sees(scene, 1);
  });

  test("leaves damaged history and reports out, with one warning each", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const store = rolloutsOf(scene.operator);
    await change(scene, 1);
    await store.report(orders, reportOf("good"), soon());
    await etcd.put(`${prefix}/rollout-log/${orders}/0000000002`, "{");
    await etcd.put(`${prefix}/rollout-stats/${orders}/bad`, "{");
    await etcd.put(`${prefix}/rollout-stats/${orders}/thief`, JSON.stringify(reportOf("good")));
    for (let n = 0; n < 3; n += 1) {
      expect((await store.history(orders, soon())).map(({ gen }) => gen)).toEqual([1]);
      expect(await store.reports(orders, soon())).toEqual([reportOf("good")]);
    }
    const warned = scene.operatorLines.filter(({ level }) => level === "warn").map(({ text }) => text);
    expect(warned.toSorted()).toEqual([
      "etcd policy is left out of the history: it is not JSON in UTF-8",
      "etcd report is ignored: it is not JSON in UTF-8",
      "etcd report is ignored: it is of another caller than its key says",
    ]);
  });

  test("forgets a process's reports and its being in charge when it is gone, and not before", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    await using proxy = await TcpProxy.start(port());
    const dying = etcdRegistry({ endpoints: [proxy.address], keyPrefix: prefix, ttlMs });
    const store = rolloutsOf(scene.operator);
    await rolloutsOf(dying).report(orders, reportOf("dying"), soon());
    const leadership = await rolloutsOf(dying).campaign(orders, "dying", soon());
    const next = store.campaign(orders, "next", soon());
    await new Promise((resolve) => {
      setTimeout(resolve, ttlMs * 1.5);
    });
    expect(await store.leader(orders, soon())).toBe("dying");
    expect(await store.reports(orders, soon())).toHaveLength(1);
    // As when it is killed: nothing says good-bye.
    await proxy.cut();
    await next;
    expect(await store.leader(orders, soon())).toBe("next");
    expect(await store.reports(orders, soon())).toEqual([]);
    await proxy.restore();
    await lostOf(leadership);
    await rolloutsOf(dying).report(orders, reportOf("dying", 2), soon());
    expect(await store.reports(orders, soon())).toEqual([reportOf("dying", 2)]);
    await dying[Symbol.asyncDispose]();
    expect(await store.reports(orders, soon())).toEqual([]);
  });

  test("hands over at once when the process in charge is disposed", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const first = etcdRegistry({ url: etcd.url, keyPrefix: prefix, ttlMs: 60_000 });
    await rolloutsOf(first).campaign(orders, "first", soon());
    const store = rolloutsOf(scene.operator);
    const next = store.campaign(orders, "next", soon());
    await first[Symbol.asyncDispose]();
    await next;
    expect(await store.leader(orders, soon())).toBe("next");
  });

  test("takes over from one who came and went while its watch was cut", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    await using proxy = await TcpProxy.start(port());
    await using waiter = etcdRegistry({ endpoints: [proxy.address], keyPrefix: prefix, ttlMs: 60_000 });
    const store = rolloutsOf(scene.operator);
    const first = await store.campaign(orders, "first", soon());
    const waiting = rolloutsOf(waiter).campaign(orders, "waiter", soon());
    await scene.hears(300);
    await proxy.cut();
    await first.resign();
    await (await store.campaign(orders, "second", soon())).resign();
    await proxy.restore();
    await waiting;
    expect(await store.leader(orders, soon())).toBe("waiter");
  });

  test("is no longer in charge, and changes nothing more, when etcd revokes its lease", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const store = rolloutsOf(scene.operator);
    const before = new Set(await etcd.leases());
    const leadership = await store.campaign(orders, "first", soon());
    await using other = etcdRegistry({ url: etcd.url, keyPrefix: prefix, ttlMs });
    const next = rolloutsOf(other).campaign(orders, "next", soon());
    const [lease = ""] = (await etcd.leases()).filter((id) => !before.has(id));
    await etcd.revokeLease(lease);
    const successor = await next;
    const policy = policyOf();
    const late = await store.compareAndSet([{ service: orders, revision: 0, policy }], soon(), leadership);
    expect(late).toMatchObject({ won: false });
    await lostOf(leadership);
    await leadership.resign();
    expect(await store.leader(orders, soon())).toBe("next");
    const rightful = rolloutsOf(other).compareAndSet(
      [{ service: orders, revision: 0, policy }],
      soon(),
      successor,
    );
    expect(await rightful).toEqual({ won: true });
    // With a lease of its own again.
    const again = store.campaign(orders, "again", soon());
    await successor.resign();
    await again;
  });

  test.each(["deleted", "overwritten"])("is no longer in charge when its key is %s", async (how) => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const store = rolloutsOf(scene.operator);
    const leadership = await store.campaign(orders, "first", soon());
    const key = `${prefix}/rollout-leader/${orders}`;
    if (how === "deleted") await etcd.delete(key);
    else await etcd.put(key, "{}");
    await lostOf(leadership);
    const policy = policyOf();
    const late = await store.compareAndSet([{ service: orders, revision: 0, policy }], soon(), leadership);
    expect(late).toMatchObject({ won: false });
    expect(await store.leader(orders, soon())).toBe(how === "deleted" ? undefined : "unknown");
  });

  test("is no longer in charge after etcd was wiped, and can be again", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const store = rolloutsOf(scene.operator);
    const leadership = await store.campaign(orders, "first", soon());
    await etcd.wipe();
    await lostOf(leadership);
    await store.campaign(orders, "first", soon());
    expect(await store.leader(orders, soon())).toBe("first");
  });

  test("stays in charge while etcd restarts", async () => {
    // Longer than a restart takes on a busy machine.
    await using scene = await Scene.start(prefix, { url: etcd.url, ttlMs: 15_000 });
    const store = rolloutsOf(scene.operator);
    const leadership = await store.campaign(orders, "first", soon());
    const waiting = rolloutsOf(scene.caller).campaign(orders, "next", soon());
    await etcd.restart(300);
    await scene.hears(50);
    expect(leadership.lost.aborted).toBe(false);
    expect(await store.leader(orders, soon())).toBe("first");
    await leadership.resign();
    await waiting;
  });

  test("leaves no controller behind when a campaign ends before etcd answers", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const store = rolloutsOf(scene.operator);
    // Has a lease, so that only the key is missing.
    await store.report(orders, reportOf("a"), soon());
    await etcd.pause();
    const campaign = store.campaign(orders, "first", AbortSignal.timeout(300));
    await expect(campaign).rejects.toThrow(/timeout/);
    etcd.resume();
    await using other = etcdRegistry({ url: etcd.url, keyPrefix: prefix, ttlMs });
    await rolloutsOf(other).campaign(orders, "next", soon());
    expect(await store.leader(orders, soon())).toBe("next");
  });

  test("is bounded when etcd hangs as it resigns and closes", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const first = etcdRegistry({ url: etcd.url, keyPrefix: prefix, ttlMs });
    const leadership = await rolloutsOf(first).campaign(orders, "first", soon());
    await etcd.pause();
    const startedAt = performance.now();
    await leadership.resign();
    await first[Symbol.asyncDispose]();
    expect(performance.now() - startedAt).toBeLessThan(6000);
    etcd.resume();
    await rolloutsOf(scene.operator).campaign(orders, "next", soon());
  });

  test("lists the time that leases have left, and none for records without", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    await etcd.put(scene.key("10.0.0.3:80"), `{"Op":0,"Addr":"10.0.0.3:80"}`);
    await etcd.put(scene.key("10.0.0.4:80"), "{");
    await etcd.put(`${prefix}/services/notes`, "of an operator");
    for (const service of [orders, undefined]) {
      const listed = await scene.operator.list(service, soon());
      expect(listed.map(({ instance }) => instance.id)).toEqual([
        "10.0.0.1:80",
        "10.0.0.2:80",
        "10.0.0.3:80",
      ]);
      const [one, two, three] = listed.map(({ leaseLeftMs }) => leaseLeftMs);
      for (const left of [one, two]) expect(left).toBeGreaterThanOrEqual(0);
      for (const left of [one, two]) expect(left).toBeLessThanOrEqual(ttlMs);
      expect(three).toBeUndefined();
    }
    expect(scene.operatorLines.filter(({ text }) => text.includes("is left out"))).toHaveLength(1);
  });

  test("lists more than one request reads", async () => {
    await using scene = await Scene.start(prefix, { url: etcd.url });
    const ids = Array.from({ length: 1100 }, (_, n) => `10.1.${n >> 8}.${n & 255}:80`);
    for (let from = 0; from < ids.length; from += 100)
      await Promise.all(
        ids.slice(from, from + 100).map((id) => etcd.put(scene.key(id), `{"Op":0,"Addr":"${id}"}`)),
      );
    expect(await scene.operator.list(undefined, soon())).toHaveLength(1102);
    await etcd.delete(`${prefix}/services/${orders}/10.1.`);
  });
});

describe("policies in an etcd with faults of its own", () => {
  test.each([
    { what: "did not run", ran: false },
    { what: "ran", ran: true },
  ])("knows that it won when the end of its transactions was unknown and they $what", async ({ ran }) => {
    await using etcd = await EtcdServer.start();
    await using registry = etcdRegistry({ url: etcd.url, ttlMs, logger: createLog().logger });
    const store = rolloutsOf(registry);
    etcd.failNext(Code.DeadlineExceeded, 3, { method: "Txn", ran });
    const changes = [orders, "shop.v1.Refunds"].map((service) => ({
      service,
      revision: 0,
      policy: policyOf(),
    }));
    expect(await store.compareAndSet(changes, soon())).toEqual({ won: true });
    expect(await store.history(orders, soon())).toHaveLength(1);

    const { revision } = await store.read(orders, soon());
    expect(revision).toBe((await store.read("shop.v1.Refunds", soon())).revision);
    etcd.failNext(Code.Unavailable, 1, { method: "LeaseGrant", ran });
    etcd.failNext(Code.DeadlineExceeded, 2, { method: "Txn", ran });
    const leadership = await store.campaign(orders, "first", soon());
    etcd.failNext(Code.DeadlineExceeded, 2, { method: "Txn", ran });
    const next = { service: orders, revision, policy: policyOf({ gen: 2 }) };
    expect(await store.compareAndSet([next], soon(), leadership)).toEqual({ won: true });
    expect(leadership.lost.aborted).toBe(false);
  });

  test("knows that it lost when the end of its transaction is unknown and another one won", async () => {
    await using etcd = await EtcdServer.start();
    await using one = etcdRegistry({ url: etcd.url, ttlMs });
    await using other = etcdRegistry({ url: etcd.url, ttlMs });
    etcd.failNext(Code.DeadlineExceeded, 1, { method: "Txn" });
    const mine = rolloutsOf(one).compareAndSet(
      [{ service: orders, revision: 0, policy: policyOf({ by: "ann" }) }],
      soon(),
    );
    const theirs = rolloutsOf(other).compareAndSet(
      [{ service: orders, revision: 0, policy: policyOf({ by: "bob" }) }],
      soon(),
    );
    const results = await Promise.all([mine, theirs]);
    expect(results.filter(({ won }) => won)).toHaveLength(1);
    const { policy } = await rolloutsOf(one).read(orders, soon());
    expect(policy?.by).toBe(results[0].won ? "ann" : "bob");
    expect(results.find(({ won }) => !won)).toMatchObject({ current: [{ policy }] });
  });

  test("throws what etcd refuses, at once", async () => {
    await using etcd = await EtcdServer.start();
    await using registry = etcdRegistry({ url: etcd.url, ttlMs });
    etcd.failNext(Code.PermissionDenied, 1, { method: "Txn" });
    const policy = policyOf();
    const refused = rolloutsOf(registry).compareAndSet([{ service: orders, revision: 0, policy }], soon());
    await expect(refused).rejects.toThrow(/injected failure of Txn/);
  });

  test("hears of policies although all watches are cut again and again", async () => {
    await using etcd = await EtcdServer.start();
    await using scene = await Scene.start("", { url: etcd.url });
    for (const gen of [1, 2, 3]) {
      etcd.cutWatches();
      await change(scene, gen);
      await sees(scene, gen);
    }
  });
});
