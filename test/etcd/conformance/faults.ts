import { expect, test } from "vitest";
import { EtcdClient } from "../../../packages/testing/src/etcd/etcd-client.js";
import { bytes, eventsOf, type Session } from "./session.js";

/** What an operator or an accident does to an etcd, and what is left after it. */
export function faults(session: Session): void {
  test("a restart breaks watches and keeps data, revision and port", { timeout: 30_000 }, async () => {
    const before = await session.put("kept", "1");
    const watch = session.watch({ key: bytes("kept") });
    await watch.find((reply) => reply.created === true);
    await session.etcd.restart();
    expect((await watch.ended).code).not.toBe(0);
    expect(await session.etcd.revision()).toBe(before);
    expect(await session.put("kept", "2")).toBe(before + 1);
    const resumed = session.watch({ key: bytes("kept"), start_revision: before });
    await resumed.until(() => eventsOf(resumed.received).length === 2);
    expect(eventsOf(resumed.received)).toEqual([`put kept=1@${before}`, `put kept=2@${before + 1}`]);
  });

  test("a stopped etcd cannot be reached until it starts", { timeout: 30_000 }, async () => {
    await session.put("stopped");
    await session.etcd.stop();
    using other = new EtcdClient(session.etcd.url);
    const unreachable = other.call("KV", "Range", { key: bytes("stopped") }, { timeoutMs: 500 });
    await expect(unreachable).rejects.toMatchObject({ code: 4 });
    await session.etcd.start();
    expect(await session.get("stopped")).toBeDefined();
  });

  test("a paused etcd answers nothing and goes on where it stopped", { timeout: 30_000 }, async () => {
    const watch = session.watch({ key: bytes("paused") });
    await watch.find((reply) => reply.created === true);
    await session.etcd.pause();
    const late = session.put("paused", "late");
    const refused = session.client.call("KV", "Range", { key: bytes("paused") }, { timeoutMs: 500 });
    await expect(refused).rejects.toMatchObject({ code: 4 });
    using other = new EtcdClient(session.etcd.url);
    const hung = other.call("KV", "Range", { key: bytes("paused") }, { timeoutMs: 500 });
    await expect(hung).rejects.toMatchObject({ code: 4 });
    session.etcd.resume();
    const revision = await late;
    await watch.until(() => eventsOf(watch.received).length === 1);
    expect(eventsOf(watch.received)).toEqual([`put paused=late@${revision}`]);
  });

  test("a lease that ends while etcd is paused is gone when it goes on", { timeout: 30_000 }, async () => {
    const lease = await session.grant(2);
    await session.put("overslept", "", lease);
    await session.etcd.pause();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    session.etcd.resume();
    const watch = session.watch({ key: bytes("overslept") });
    await watch.find((reply) => reply.created === true);
    const call = session.client.stream<{ ID: string }, { TTL: string }>("Lease", "LeaseKeepAlive");
    call.send({ ID: lease });
    expect(await call.find(() => true)).toMatchObject({ TTL: "0" });
    call.cancel();
    expect(await session.get("overslept")).toBeUndefined();
  });

  test("a wiped etcd begins at revision 1 without keys and leases", { timeout: 30_000 }, async () => {
    await session.put("wiped", "", await session.grant(60));
    await session.etcd.wipe();
    expect(await session.etcd.revision()).toBe(1);
    expect(await session.etcd.leases()).toEqual([]);
    expect(await session.put("first")).toBe(2);
    expect([...(await session.etcd.read(""))].map(([key]) => key)).toEqual(["first"]);
  });

  test("the cluster is one member that leads", async () => {
    const { client } = session;
    interface Answer {
      header: { member_id: string; raft_term: string };
      leader: string;
      version: string;
    }
    const status = await client.call<Answer>("Maintenance", "Status", {});
    expect(status.leader).toBe(status.header.member_id);
    expect(status.version).toMatch(/^3\.\d+\.\d+$/);
    const { members } = await client.call<{ members: { ID: string; clientURLs: string[] }[] }>(
      "Cluster",
      "MemberList",
      {},
    );
    expect(members).toMatchObject([{ ID: status.leader, clientURLs: [`http://${session.etcd.address}`] }]);
    expect(await session.refusal("Auth", "Authenticate", { name: "root", password: "x" })).toBe(
      "9: etcdserver: authentication is not enabled",
    );
  });
}
