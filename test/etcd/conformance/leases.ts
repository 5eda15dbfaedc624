import { expect, test } from "vitest";
import { eventsOf, eventually, type Session } from "./session.js";

interface TimeToLive {
  readonly TTL: string;
  readonly grantedTTL: string;
  readonly keys: readonly Buffer[];
}

/** Leases, their keys and their clocks. */
export function leasesAndTheirKeys(session: Session): void {
  const timeToLive = (ID: string): Promise<TimeToLive> =>
    session.client.call("Lease", "LeaseTimeToLive", { ID, keys: true });

  test("a TTL below the floor is raised to 2 s; ids are given or chosen", async () => {
    const floor = await session.client.call<{ ID: string; TTL: string }>("Lease", "LeaseGrant", {
      TTL: 1,
      ID: 4711,
    });
    expect(floor).toMatchObject({ ID: "4711", TTL: "2", error: "" });
    expect(BigInt(await session.grant(60))).toBeGreaterThan(0n);
    expect(await session.refusal("Lease", "LeaseGrant", { TTL: 60, ID: 4711 })).toBe(
      "9: etcdserver: lease already exists",
    );
    expect(await session.refusal("Lease", "LeaseGrant", { TTL: 9_000_000_001 })).toBe(
      "11: etcdserver: too large lease TTL",
    );
  });

  test("a lease id keeps all its 63 bits", async () => {
    const id = "7587895837345234523";
    await session.client.call("Lease", "LeaseGrant", { TTL: 60, ID: id });
    await session.put("bits", "", id);
    expect((await session.get("bits"))?.lease).toBe(id);
    expect(await session.etcd.leases()).toContain(id);
  });

  test("expiry deletes all keys of the lease in one revision", async () => {
    const lease = await session.grant(2);
    await session.put("expiry/b", "", lease);
    const last = await session.put("expiry/a", "", lease);
    const watch = session.watch({ key: Buffer.from("expiry/"), range_end: Buffer.from("expiry0") });
    const end = await watch.find((reply) => (reply.events ?? []).length > 0);
    expect(eventsOf([end])).toEqual([`delete expiry/a@${last + 1}`, `delete expiry/b@${last + 1}`]);
    expect(await timeToLive(lease)).toMatchObject({ TTL: "-1", grantedTTL: "0" });
  });

  test("the end of a lease without keys makes no revision", async () => {
    const before = await session.put("no lease");
    await session.etcd.revokeLease(await session.grant(60));
    expect(await session.etcd.revision()).toBe(before);
    expect(await session.refusal("Lease", "LeaseRevoke", { ID: 999 })).toBe(
      "5: etcdserver: requested lease not found",
    );
  });

  test("a put moves a key to its lease, or off all leases", async () => {
    const [first, second] = [await session.grant(60), await session.grant(60)];
    await session.put("moved", "1", first);
    await session.put("moved", "2", second);
    await session.put("freed", "1", first);
    await session.put("freed", "2");
    expect((await timeToLive(first)).keys).toEqual([]);
    expect((await timeToLive(second)).keys.map(String)).toEqual(["moved"]);
    await session.etcd.revokeLease(first);
    expect(await session.get("moved")).toBeDefined();
    expect(await session.get("freed")).toMatchObject({ lease: "0" });
    await session.etcd.revokeLease(second);
    expect(await session.get("moved")).toBeUndefined();
  });

  test("keepalive answers with the TTL, or with 0 for a lease that is not there", async () => {
    const lease = await session.grant(60);
    const call = session.client.stream<{ ID: string }, { ID: string; TTL: string }>(
      "Lease",
      "LeaseKeepAlive",
    );
    call.send({ ID: lease });
    expect(await call.find(() => true)).toMatchObject({ ID: lease, TTL: "60" });
    call.send({ ID: "998" });
    expect(await call.find(({ ID }) => ID === "998")).toMatchObject({ TTL: "0" });
    call.cancel();
    await call.ended;
  });

  test("keepalive keeps a lease beyond its TTL", { timeout: 30_000 }, async () => {
    const [kept, left] = [await session.grant(2), await session.grant(2)];
    const call = session.client.stream<{ ID: string }, object>("Lease", "LeaseKeepAlive");
    const beat = setInterval(() => call.send({ ID: kept }), 300);
    try {
      await eventually(async () => (await timeToLive(left)).TTL === "-1");
      expect((await timeToLive(kept)).grantedTTL).toBe("2");
    } finally {
      clearInterval(beat);
      call.cancel();
    }
  });

  test("a restart gives every lease its full TTL again, also past its end", { timeout: 30_000 }, async () => {
    const lease = await session.grant(3);
    await session.put("restarted", "", lease);
    await session.etcd.restart(3_500);
    expect(Number((await timeToLive(lease)).TTL)).toBeGreaterThanOrEqual(1);
    expect(await session.get("restarted")).toMatchObject({ lease });
    await eventually(async () => (await session.get("restarted")) === undefined);
  });
}
