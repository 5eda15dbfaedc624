import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EtcdServer } from "@rollcall/testing";
import { FleetProcess } from "@rollcall/testing/fleet";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startedBy } from "./started-by.js";

// As built: the caller's process and the services are found beside each other.
const main = fileURLToPath(new URL("../../../packages/cli/dist/main.js", import.meta.url));
const demo = fileURLToPath(new URL("../../../examples/rolling-restart/dist/service.js", import.meta.url));
const fixture = fileURLToPath(new URL("fixtures/service.mjs", import.meta.url));
const get = 'demo.v1.Orders/Get {"id":"1"}';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "drill-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

interface Ended {
  readonly code: number | null;
  /** Standard output and error, by lines. */
  readonly lines: readonly string[];
}

async function start(args: readonly string[], env: Record<string, string> = {}): Promise<FleetProcess> {
  return await FleetProcess.start(
    {
      args: [main, "drill", ...args],
      // Away from whatever this machine has; the logs that a failed drill keeps, too.
      env: {
        ROLLCALL_REGISTRY: undefined,
        NO_COLOR: "1",
        PATH: process.env["PATH"],
        TMPDIR: folder,
        ...env,
      },
    },
    { logLines: 5000 },
  );
}

async function drill(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  await using run = await start(args, env);
  const { code } = await run.exit;
  return { code, lines: run.logs };
}

function json({ lines }: Ended): any {
  const objects = lines.filter((line) => line.startsWith("{"));
  expect(objects).toHaveLength(1);
  return JSON.parse(objects[0]!);
}

it("proves for a sound service that nothing drops a call, in JSON and in JUnit XML", async () => {
  const junit = join(folder, "junit.xml");
  const ended = await drill([
    ..."--rps 100 --streams 6 --for 12s --json".split(" "),
    "--junit",
    junit,
    "--call",
    get,
    "--",
    process.execPath,
    demo,
  ]);
  expect(ended.code, ended.lines.join("\n")).toBe(0);
  const { receipt, calls, streams, problems, skipped } = json(ended);
  expect({ calls, streams, problems, skipped }).toEqual({
    calls: [get],
    streams: ["demo.v1.Orders/Watch {}"],
    problems: [],
    skipped: [],
  });
  expect(receipt).toMatchObject({ dropped: 0, appErrors: 0, kills: 1, streams: { dropped: 0 } });
  expect(receipt.restarts).toBeGreaterThanOrEqual(7);
  expect(receipt.streams.reopened).toBeGreaterThan(0);
  const steps: { name: string; ok: number }[] = receipt.steps;
  expect(steps.map(({ name }) => name)).toEqual([
    "start",
    "steady",
    "rolling-restart",
    "restart-all",
    "kill",
    "hang",
    "etcd-outage",
  ]);
  for (const { name, ok } of steps.slice(1)) expect(ok, name).toBeGreaterThan(50);
  expect(Object.keys(receipt.perInstance)).toEqual(["drill-0", "drill-1", "drill-2"]);
  expect(await readFile(junit, "utf8")).toMatch(/<testsuite name="rollcall drill" tests="8" failures="0"/);
});

it("needs no channel to the service's process, and calls what the service says is safe to repeat", async () => {
  // As under npm start: the process that serves is not the one that was started.
  const command = ["/bin/sh", "-c", `unset NODE_CHANNEL_FD; exec "${process.execPath}" "${demo}"`];
  const ended = await drill([
    ..."--rps 50 --for 2s --instances 2 --steps rolling-restart --".split(" "),
    ...command,
  ]);
  expect(ended.code, ended.lines.join("\n")).toBe(0);
  const text = ended.lines.join("\n");
  expect(text).toContain("calls:   demo.v1.Orders/Get {}, which the service refuses: ");
  expect(text).toContain("the service refused every call");
  expect(text).toContain("0 calls dropped");
});

it("exits with 1 and explains the first dropped call", async () => {
  const logs = join(folder, "logs");
  const ended = await drill(
    [
      ..."--rps 200 --for 1s --steps rolling-restart --logs".split(" "),
      logs,
      "--call",
      get,
      "--",
      process.execPath,
      fixture,
    ],
    { BEHAVIOUR: "closes-early" },
  );
  expect(ended.code).toBe(1);
  const text = ended.lines.join("\n");
  // A slow call counts for the step in which it was due.
  expect(text).toMatch(
    /the first dropped call\n {2}step {6}(?:start|rolling-restart)\n {2}instance {2}(drill-\d)\n {2}when {6}[\dms]+ after \1: it got SIGTERM\n {2}waited {4}\d+ ms\n {2}error {5}demo\.v1\.Orders\/Get \[internal\]: pool closed/,
  );
  expect(text).toContain(`logs of the instances: ${logs}`);
  expect(await readFile(join(logs, "drill-0.log"), "utf8")).toContain('"msg":"received"');
});

it("says so when SIGTERM kills the process", async () => {
  const ended = await drill(
    [
      "--for",
      "1s",
      "--instances",
      "2",
      "--steps",
      "rolling-restart",
      "--call",
      get,
      "--",
      process.execPath,
      fixture,
    ],
    { BEHAVIOUR: "ignores-sigterm" },
  );
  expect(ended.code).toBe(1);
  expect(ended.lines.join("\n")).toContain(
    "drill-0 ended with SIGTERM after SIGTERM; nothing handles the signal",
  );
});

it("does not begin with calls that fail anyway", async () => {
  const ended = await drill(["--call", get, "--", process.execPath, fixture], { BEHAVIOUR: "refuses" });
  expect(ended.code).toBe(1);
  expect(ended.lines.at(-1)).toMatch(
    /^error: demo\.v1\.Orders\/Get \{"id":"1"\} fails before anything is done/,
  );
});

it.each([
  {
    what: "a program that is not there",
    args: ["--", "/no/such/program"],
    code: 1,
    says: /no\/such\/program/,
  },
  {
    what: "a program that ends at once",
    args: ["--", process.execPath, "-e", "console.log('no database'); process.exit(7)"],
    code: 1,
    says: /ended with code 7 before its serving message; its last output:\n.*no database/s,
  },
  { what: "no program", args: [], code: 2, says: /missing required argument 'command'/ },
  {
    what: "a step that does not exist",
    args: ["--steps", "steady,explode", "--", "true"],
    code: 2,
    says: /there is no step "explode"; there are steady, rolling-restart/,
  },
  {
    what: "a call that is none",
    args: ["--call", "Orders Get", "--", "true"],
    code: 2,
    says: /"Orders Get" is not a call; write service\/method/,
  },
  {
    what: "a request that is not JSON",
    args: ["--call", "a.Orders/Get {id:1}", "--", "true"],
    code: 2,
    says: /the request of a\.Orders\/Get is not JSON/,
  },
  {
    what: "a method that the service has not",
    args: ["--instances", "1", "--call", "Orders/Gett", "--", process.execPath, demo],
    code: 2,
    says: /demo\.v1\.Orders has no method "Gett"/,
  },
  {
    what: "a request that does not fit",
    args: ["--instances", "1", "--call", 'Orders/Get {"nope":1}', "--", process.execPath, demo],
    code: 2,
    says: /nope/,
  },
  {
    what: "a service that it does not serve",
    args: ["--instances", "1", "--call", "shop.v1.Billing/Charge", "--", process.execPath, demo],
    code: 2,
    says: /service "shop\.v1\.Billing" is not known to the instances; .*demo\.v1\.Orders/,
  },
])("refuses $what", async ({ args, code, says }) => {
  const ended = await drill(args);
  expect(ended.lines.join("\n")).toMatch(says);
  expect(ended.code).toBe(code);
});

it("leaves alone what others have in a registry, and refuses to mix with it", async () => {
  await using etcd = await EtcdServer.start();
  await using other = await FleetProcess.start({ args: [demo], env: { ROLLCALL_REGISTRY: etcd.url } });
  await other.untilServing(20_000);
  const ended = await drill(["--instances", "1", "--registry", etcd.url, "--", process.execPath, demo]);
  expect(ended.code).toBe(2);
  expect(ended.lines.at(-1)).toMatch(/has instances of demo\.v1\.Orders that this drill did not start/);
  expect(other.state).toBe("serving");
});

it("ends everything in order at Ctrl-C", async () => {
  await using run = await start(["--steps", "rolling-restart", "--call", get, "--", process.execPath, demo]);
  const lines = async (text: string): Promise<void> => {
    while (!run.logs.some((line) => line.includes(text)))
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await lines("rolling-restart: ");
  const started = startedBy(run.pid);
  expect(started.length).toBeGreaterThanOrEqual(4);
  run.signal("SIGINT");
  expect(await run.exit).toEqual({ code: 130, signal: null });
  expect(started.filter(({ isAlive }) => isAlive())).toEqual([]);
});
