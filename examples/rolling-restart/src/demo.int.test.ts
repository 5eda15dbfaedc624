import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { etcdBackends } from "@rollcall/testing";
import { expect, it } from "vitest";

// As built: the root's test script builds before it tests.
const demo = ["--enable-source-maps", fileURLToPath(new URL("../dist/demo.js", import.meta.url))];
const [embedded] = etcdBackends();

it("drops no call, whatever happens to the fleet, and says so in one line of JSON", async () => {
  await using etcd = await embedded!.start();
  const { stdout } = await promisify(execFile)(process.execPath, [...demo, "--json"], {
    env: { ...process.env, ROLLCALL_REGISTRY: etcd.url },
  });
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(1);
  const receipt = JSON.parse(lines[0]!);
  expect(Object.keys(receipt)).toEqual([
    "registry",
    "calls",
    "ok",
    "appErrors",
    "cancelled",
    "dropped",
    "attempts",
    "retried",
    "duplicates",
    "streams",
    "restarts",
    "kills",
    "perInstance",
    "p99Ms",
    "maxMs",
    "gapMs",
  ]);
  const { calls, ok, appErrors, cancelled, dropped, attempts, retried, streams } = receipt;
  expect(receipt).toMatchObject({ registry: "etcd", dropped: 0, restarts: 9, kills: 1 });
  expect(calls).toBe(ok + appErrors + cancelled + dropped);
  expect(attempts).toBe(calls + retried);
  expect(appErrors).toBeGreaterThan(0);
  expect(streams.reopened).toBeGreaterThan(0);
  expect(streams.dropped).toBe(0);
  expect(streams.opened).toBe(streams.completed);
  const instances = Object.values<{ calls: number }>(receipt.perInstance);
  expect(instances.reduce((sum, each) => sum + each.calls, 0)).toBe(calls);
  expect(await etcd.read("services/")).toEqual(new Map());
});

it("ends everything in order at Ctrl-C", async () => {
  await using etcd = await embedded!.start();
  const child = spawn(process.execPath, demo, {
    env: { ...process.env, ROLLCALL_REGISTRY: etcd.url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("rolling restart 1")) child.kill("SIGINT");
  }
  expect(await exit).toEqual([130, null]);
  expect(await etcd.read("services/")).toEqual(new Map());
});
