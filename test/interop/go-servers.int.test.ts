import { createClient, type ClientOf } from "@rollcall/app";
import { expect, test } from "vitest";
import { expectNoneDropped, startTraffic, type Traffic } from "../processes/traffic.js";
import { describeGoEtcd } from "./describe-go-etcd.js";
import { startGoServer, type GoServer } from "./go-process.js";
import { TestService } from "./gen/grpc/testing/test.js";

await describeGoEtcd("Go servers registered by etcd's endpoints manager", (binary, etcd) => {
  const start = async (servers: AsyncDisposableStack): Promise<GoServer> => {
    const server = servers.use(await startGoServer(binary, ["-etcd", `127.0.0.1:${etcd().port}`]));
    await server.order("register");
    return server;
  };

  test("are found, missed when they have left, and found again", async () => {
    await using servers = new AsyncDisposableStack();
    const stays = await start(servers);
    const leaves = await start(servers);
    await using client = createClient(TestService, { registry: etcd().url });
    const both = [stays.address, leaves.address].toSorted();
    await expect.poll(() => answeredBy(client, 20), patience).toEqual(both);

    await leaves.order("leave");
    await expect.poll(() => answeredBy(client, 20), patience).toEqual([stays.address]);

    await leaves.order("register");
    await expect.poll(() => answeredBy(client, 20), patience).toEqual(both);
  });

  test("are called on when the last of them has left but still answers, and missed when it is gone", async () => {
    await using servers = new AsyncDisposableStack();
    const only = await start(servers);
    await using client = createClient(TestService, { registry: etcd().url });
    expect(await answeredBy(client)).toEqual([only.address]);
    await only.order("leave");
    expect(await answeredBy(client, 20)).toEqual([only.address]);
    await only.order("stop");
    await expect.poll(() => failure(client), patience).toMatch(/ \[unavailable\]: no endpoint/);
  });

  test.each([
    { way: "leave etcd and then drain", order: "drain" },
    { way: "only send their GOAWAY", order: "stop" },
  ] as const)("drop no call and end their streams well when they $way", async ({ order }) => {
    await using servers = new AsyncDisposableStack();
    let old = [await start(servers), await start(servers)];
    await using client = createClient(TestService, { registry: etcd().url });
    const served = new Set<string>();
    await using traffic: Traffic = startTraffic({
      ratePerSecond: 200,
      call: async () => served.add((await client.unaryCall({ fillServerId: true })).serverId),
    });
    await expect.poll(() => served.size, patience).toBe(2);
    // Each lasts longer than the whole, and goes to one or the other.
    const streams = Array.from({ length: 4 }, () => received(client));
    for (const [i, server] of old.entries()) {
      const next = await start(servers);
      await expect.poll(() => served.has(next.address), patience).toBe(true);
      await server.order(order);
      old = old.with(i, next);
    }
    const receipt = await traffic.end();
    expectNoneDropped(receipt);
    console.log(`${receipt.calls} calls, none failed`);
    expect(await Promise.all(streams)).toEqual(streams.map(() => responses));
  });
});

const patience = { timeout: 10_000 };
const responses = 20;

/** Who answers this many calls. */
async function answeredBy(client: ClientOf<TestService>, calls = 1): Promise<string[]> {
  const served = new Set<string>();
  for (let i = 0; i < calls; i++) served.add((await client.unaryCall({ fillServerId: true })).serverId);
  return [...served].toSorted();
}

async function failure(client: ClientOf<TestService>): Promise<string> {
  return await client.emptyCall({}, { timeoutMs: 100 }).then(
    () => "answered",
    (error: Error) => error.message,
  );
}

/** How many responses came on a stream of some seconds. */
async function received(client: ClientOf<TestService>): Promise<number> {
  const responseParameters = Array.from({ length: responses }, () => ({ size: 1, intervalUs: 100_000 }));
  let count = 0;
  for await (const _ of client.streamingOutputCall({ responseParameters }, { reopen: false })) count++;
  return count;
}
