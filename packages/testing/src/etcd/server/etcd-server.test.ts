import { Metadata } from "@grpc/grpc-js";
import { Code, ConfigError } from "@rollcall/core";
import { afterEach, describe, expect, test } from "vitest";
import { manualClock } from "../../fleet/fixtures/manual-clock.js";
import { EtcdClient, type EtcdStream } from "../etcd-client.js";
import type { WatchRequest, WatchResponse } from "../messages.js";
import { EtcdServer, type EtcdServerOptions } from "./etcd-server.js";

const key = (text: string): { key: Buffer } => ({ key: Buffer.from(text) });

/** What only the embedded server has; what it shares with a real etcd stands in test/etcd. */
describe("EtcdServer", () => {
  const closing: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function setUp(options: EtcdServerOptions = {}): Promise<{ etcd: EtcdServer; client: EtcdClient }> {
    const etcd = await EtcdServer.start(options);
    closing.push(() => etcd.close());
    const client = new EtcdClient(etcd.url);
    closing.push(() => client.close());
    return { etcd, client };
  }

  async function watch(client: EtcdClient, create: object): Promise<EtcdStream<WatchRequest, WatchResponse>> {
    const call = client.stream<WatchRequest, WatchResponse>("Watch", "Watch");
    closing.push(() => call.cancel());
    call.send({ create_request: create } as WatchRequest);
    await call.find((reply) => reply.created === true);
    return call;
  }

  test("expires leases by the clock it is given, and no earlier", async () => {
    const clock = manualClock();
    const { etcd, client } = await setUp({ clock });
    const { ID } = await client.call<{ ID: string }>("Lease", "LeaseGrant", { TTL: 10 });
    await client.call("KV", "Put", { ...key("a"), lease: ID });
    await clock.advance(9_999);
    expect(etcd.revision).toBe(2);
    await clock.advance(1);
    expect(etcd.revision).toBe(3);
    expect(await client.call("Lease", "LeaseLeases", {})).toMatchObject({ leases: [] });
  });

  test("expires no lease while it is stopped, and extends all when it listens again", async () => {
    const clock = manualClock();
    const { etcd, client } = await setUp({ clock });
    const { ID } = await client.call<{ ID: string }>("Lease", "LeaseGrant", { TTL: 10 });
    await etcd.stop();
    await clock.advance(60_000);
    await etcd.listen();
    await clock.advance(9_000);
    expect(await client.call("Lease", "LeaseTimeToLive", { ID })).toMatchObject({
      TTL: "1",
      grantedTTL: "10",
    });
  });

  test("ends a lease on demand", async () => {
    const { etcd, client } = await setUp();
    const { ID } = await client.call<{ ID: string }>("Lease", "LeaseGrant", { TTL: 60 });
    await client.call("KV", "Put", { ...key("a"), lease: ID });
    etcd.expireLease(ID);
    expect(await client.call("KV", "Range", key("a"))).toMatchObject({ count: "0" });
    await client.call("Lease", "LeaseGrant", { TTL: 60 });
    etcd.expireLeases();
    expect(await client.call("Lease", "LeaseLeases", {})).toMatchObject({ leases: [] });
  });

  test("holds watch events back in their order", async () => {
    const clock = manualClock();
    const { etcd, client } = await setUp({ clock });
    const call = await watch(client, key("a"));
    etcd.lag(500);
    await client.call("KV", "Put", key("a"));
    etcd.lag(0);
    await client.call("KV", "Put", key("a"));
    await clock.advance(499);
    expect(call.received).toHaveLength(1);
    await clock.advance(1);
    await call.until(() => call.received.length === 3);
    expect(call.received.map((reply) => reply.header.revision)).toEqual(["1", "2", "3"]);
  });

  test("fails as many calls as asked, of one method when asked", async () => {
    const { etcd, client } = await setUp();
    etcd.failNext(Code.Unavailable, 2, { method: "Put" });
    await client.call("KV", "Range", key("a"));
    for (let call = 0; call < 2; call++) {
      await expect(client.call("KV", "Put", key("a"))).rejects.toMatchObject({ code: 14 });
    }
    expect(await client.call("KV", "Put", key("a"))).toMatchObject({ header: { revision: "2" } });
  });

  test("loses the answers of as many calls as asked, which have run", async () => {
    const { etcd, client } = await setUp();
    etcd.failNext(Code.DeadlineExceeded, 1, { method: "Put", ran: true });
    await expect(client.call("KV", "Put", key("a"))).rejects.toMatchObject({ code: 4 });
    expect(await client.call("KV", "Range", key("a"))).toMatchObject({ count: "1" });
    await client.call("KV", "Put", key("a"));
  });

  test("cuts watches and nothing else", async () => {
    const { etcd, client } = await setUp();
    const call = await watch(client, key("a"));
    etcd.cutWatches();
    expect(await call.ended).toMatchObject({ code: 14, details: "etcdserver: no leader" });
    await watch(client, key("a"));
  });

  test("reports progress to watches that had nothing to tell", async () => {
    const clock = manualClock();
    const { client } = await setUp({ clock, progressIntervalMs: 1_000 });
    const call = await watch(client, { ...key("a"), progress_notify: true });
    await client.call("KV", "Put", key("b"));
    await clock.advance(1_000);
    const report = await call.find((reply) => !reply.created);
    expect(report).toMatchObject({ watch_id: "0", events: [], header: { revision: "2" } });
    await client.call("KV", "Put", key("a"));
    await call.find((reply) => (reply.events ?? []).length > 0);
    await clock.advance(1_000);
    await clock.advance(1_000);
    await call.until(() => call.received.length === 4);
    expect(call.received.map((reply) => reply.events!.length)).toEqual([0, 0, 1, 0]);
  });

  test("asks for a token once it has users, and for another when that has expired", async () => {
    const { etcd, client } = await setUp({ users: { root: "secret" } });
    const put = (metadata?: Metadata): Promise<unknown> => client.call("KV", "Put", key("a"), { metadata });
    await expect(put()).rejects.toMatchObject({ code: 3, details: "etcdserver: user name is empty" });
    await expect(
      client.call("Auth", "Authenticate", { name: "root", password: "wrong" }),
    ).rejects.toMatchObject({ code: 3 });
    const login = { name: "root", password: "secret" };
    const { token } = await client.call<{ token: string }>("Auth", "Authenticate", login);
    const metadata = new Metadata();
    metadata.set("token", token);
    await put(metadata);
    etcd.expireTokens();
    await expect(put(metadata)).rejects.toMatchObject({
      code: 16,
      details: "etcdserver: invalid auth token",
    });
  });

  test.each(["wipe", "restart"] as const)(
    "is not opened again by a %s under way when it is closed",
    async (fault) => {
      const { etcd } = await setUp();
      const again = etcd[fault]().then(
        () => "it serves",
        (error: Error) => error.message,
      );
      await etcd.close();
      expect(await again).toContain("is closed");
      const other = await EtcdServer.start({ port: etcd.port });
      await other.close();
    },
  );

  test("closes its port again when it is closed while that opens", async () => {
    const { etcd } = await setUp();
    await etcd.stop();
    const listening = etcd.listen().then(
      () => "it serves",
      (error: Error) => error.message,
    );
    await etcd.close();
    expect(await listening).toContain("is closed");
    const other = await EtcdServer.start({ port: etcd.port });
    await other.close();
  });

  test("says which port is taken", async () => {
    const { etcd } = await setUp();
    const second = EtcdServer.start({ port: etcd.port });
    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toThrow(`port ${etcd.port} on 127.0.0.1 is in use`);
  });
});
