import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { etcdBackends } from "@rollcall/testing";
import { expect, it } from "vitest";

// As built: the root's test script builds before it tests.
const script = fileURLToPath(new URL("../dist/canary.js", import.meta.url));
const [embedded] = etcdBackends();

interface Line {
  readonly scenario: string;
  readonly shares: [percent: number, measured: number][];
  readonly outcome: string;
  readonly rollbackMs: number;
  readonly failedOutsideCanary: number;
}

/** The line that a scenario prints; rejects when it ends with another code than 0. */
async function played(scenario: string): Promise<Line> {
  await using etcd = await embedded!.start();
  const args = ["--enable-source-maps", script, "--scenario", scenario, "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, ROLLCALL_REGISTRY: etcd.url },
  });
  expect(await etcd.read("services/")).toEqual(new Map());
  return JSON.parse(stdout) as Line;
}

/** A step also waits until the version's first calls weigh less than 1 %; the script gives up by itself after 2 min. */
const longestMs = 180_000;

it("promotes a healthy version step by step", { timeout: longestMs }, async () => {
  const { shares, ...line } = await played("healthy");
  expect(line).toEqual({
    scenario: "healthy",
    outcome: "promoted",
    rollbackMs: 0,
    failedOutsideCanary: 0,
  });
  expect(shares.map(([percent]) => percent)).toEqual([0, 10, 50, 100]);
  expect(shares[0]).toEqual([0, 0]);
  for (const [percent, measured] of shares) expect(Math.abs(measured - percent)).toBeLessThan(10);
});

it("rolls a sick version back within 15 s of its first bad call", async () => {
  const { shares, rollbackMs, ...line } = await played("sick");
  expect(line).toEqual({ scenario: "sick", outcome: "aborted", failedOutsideCanary: 0 });
  expect(shares.map(([percent]) => percent)).toEqual([0, 10]);
  expect(shares[0]).toEqual([0, 0]);
  expect(rollbackMs).toBeGreaterThan(0);
  expect(rollbackMs).toBeLessThan(15_000);
});
