import type { AttemptCounts, Leadership } from "@rollcall/core";
import { settle } from "@rollcall/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandLine } from "../fixtures/command-line.js";

const service = "shop.v1.Orders";
const never = new AbortController().signal;
const start = ["rollout", "start", "Orders", "--to", "1.5.0"] as const;
let line: CommandLine;

beforeEach(() => {
  line = new CommandLine();
  line.offer();
  line.offer({ address: "10.0.0.2:8080", version: "1.5.0", track: "canary", weight: 0 });
});

/** A caller says what it has seen of both versions at the step in force. */
async function report(canary: Partial<AttemptCounts>, baseline: Partial<AttemptCounts>): Promise<void> {
  const rollout = (await line.policy())?.rollout;
  const counts = (given: Partial<AttemptCounts>): AttemptCounts => ({
    attempts: 0,
    failures: 0,
    latency: [],
    ...given,
  });
  const versions = { "1.5.0": counts(canary), "1.4.0": counts(baseline) };
  const steps = [{ step: rollout?.step ?? 0, versions }];
  await line.registry.rollouts?.report(service, { caller: "c1", rollout: rollout?.id ?? "", steps }, never);
}

async function control(): Promise<Leadership | undefined> {
  return line.registry.rollouts?.campaign(service, "orders 10.0.0.1:8080", never);
}

describe("rollcall rollout start", () => {
  it("begins with the first step, with defaults", async () => {
    expect(await line.rollcall(...start)).toEqual({
      code: 0,
      out: "shop.v1.Orders: stable 1.4.0; 1.5.0: 1 %; rollout to 1.5.0 started (gen 1)",
      err: "",
    });
    expect(await line.policy()).toMatchObject({
      stable: "1.4.0",
      rules: [{ to: { version: "1.5.0" }, percent: 1 }],
      by: "mia@laptop",
      rollout: {
        to: "1.5.0",
        from: "1.4.0",
        state: "running",
        steps: [1, 5, 25, 50, 100],
        step: 0,
        intervalMs: 60_000,
        maxErrorRate: 0.01,
        minSamples: 500,
        startedAt: line.clock.now(),
      },
    });
  });

  it("takes steps, limits and a reason", async () => {
    const options = [
      "--steps",
      "10,100",
      "--interval",
      "2m",
      "--max-error-rate",
      "0.5%",
      "--max-p99-ratio",
      "1.5",
    ];
    await line.rollcall(...start, ...options, "--min-samples", "20", "--reason", "release 118");
    expect(await line.policy()).toMatchObject({
      reason: "release 118",
      rollout: {
        steps: [10, 100],
        intervalMs: 120_000,
        maxErrorRate: 0.005,
        maxP99Ratio: 1.5,
        minSamples: 20,
      },
    });
  });

  it("starts all services of an app, or shows what it would do", async () => {
    line.offer({ service: "shop.v1.Refunds" });
    const dry = await line.rollcall("rollout", "start", "orders", "--to", "1.5.0", "--dry-run");
    expect(dry.out).toContain('+    "state": "running"');
    expect(await line.policy()).toBeUndefined();
    const { out, err } = await line.rollcall("rollout", "start", "orders", "--to", "1.5.0");
    expect(out.split("\n")).toHaveLength(2);
    expect(err).toBe("warning: shop.v1.Refunds has no instance of 1.5.0 now");
  });

  it.each([
    [["--steps", "5,1"], "do not rise"],
    [["--interval", "60"], "60s"],
    [["--max-error-rate", "1"], "1% or 0.01"],
    [["--max-p99-ratio", "0.5"], "1 to 1000"],
    [["--min-samples", "0"], "whole number from 1"],
    [["--stable", "1.5.0"], "1.5.0 is the stable version"],
  ])("exits 2 for %j", async (args, message) => {
    const { code, err } = await line.rollcall(...start, ...args);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
    expect(await line.policy()).toBeUndefined();
  });

  it("refuses a second one while one is under way", async () => {
    await line.rollcall(...start);
    const { code, err } = await line.rollcall("rollout", "start", "Orders", "--to", "1.6.0");
    expect(code).toBe(1);
    expect(err).toContain("to 1.5.0 is running; let it end, or first: rollcall rollout abort shop.v1.Orders");
  });
});

describe("rollcall rollout pause, resume, promote, abort", () => {
  it("move the rollout, and the log tells it", async () => {
    await line.rollcall(...start);
    const out = async (...args: string[]): Promise<string> => (await line.rollcall("rollout", ...args)).out;
    expect(await out("pause", "Orders", "--reason", "lunch")).toBe(
      `${service}: rollout to 1.5.0 paused (gen 2)`,
    );
    expect(await out("resume", "Orders")).toBe(`${service}: rollout to 1.5.0 resumed (gen 3)`);
    expect(await out("promote", "Orders", "--dry-run")).toContain('+  "stable": "1.5.0"');
    expect(await out("promote", "Orders")).toBe(
      `${service}: stable 1.4.0 -> 1.5.0; 1.5.0: 1 % -> no rule; rollout to 1.5.0 promoted (gen 4)`,
    );
    expect((await line.policy())?.rules).toEqual([]);
    expect((await line.rollcall("log", "Orders")).out).toContain("lunch");
  });

  it("abort closes the new version at once, from a pause too", async () => {
    await line.rollcall(...start);
    await line.rollcall("rollout", "pause", "Orders");
    const { code, out } = await line.rollcall(
      "rollout",
      "abort",
      "Orders",
      "--reason",
      "wrong prices",
      "--json",
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      services: [{ changes: ["1.5.0: 1 % -> 0 %", "rollout to 1.5.0 aborted"] }],
    });
    expect(await line.policy()).toMatchObject({
      rules: [{ to: { version: "1.5.0" }, percent: 0 }],
      reason: "wrong prices",
    });
  });

  it("exit 1 when there is nothing to move, and name the services of an app that can be", async () => {
    expect(await line.rollcall("rollout", "abort", "Orders")).toMatchObject({
      code: 1,
      err: expect.stringContaining(`no rollout is running for ${service}`),
    });
    line.offer({ service: "shop.v1.Refunds" });
    await line.rollcall(...start);
    expect(await line.rollcall("rollout", "abort", "orders")).toMatchObject({
      code: 0,
      out: `${service}: 1.5.0: 1 % -> 0 %; rollout to 1.5.0 aborted (gen 2)`,
    });
    expect(await line.policy("shop.v1.Refunds")).toBeUndefined();
  });
});

describe("of an app with a damaged policy", () => {
  it("abort still aborts the others, and says which one it cannot", async () => {
    line.offer({ service: "shop.v1.Refunds" });
    await line.rollcall(...start);
    const { read } = line.registry.rollouts!;
    const damaged = new CommandLine({
      ...line.registry,
      rollouts: {
        ...line.registry.rollouts!,
        read: async (name, signal) =>
          name === service
            ? read(name, signal)
            : { service: name, revision: 9, policy: undefined, fault: "is not JSON in UTF-8" },
      },
    });
    const { code, out, err } = await damaged.rollcall("rollout", "abort", "orders");
    expect({ code, out }).toEqual({
      code: 0,
      out: `${service}: 1.5.0: 1 % -> 0 %; rollout to 1.5.0 aborted (gen 2)`,
    });
    expect(err).toContain(
      "warning: what is stored for shop.v1.Refunds is not a policy: is not JSON in UTF-8",
    );
  });
});

describe("rollcall rollout status", () => {
  it("shows at one look where a rollout stands", async () => {
    await line.rollcall(...start, "--max-p99-ratio", "1.5");
    await line.clock.advance(12_000);
    await control();
    await report(
      { attempts: 204, failures: 1, latency: [[60, 204]] },
      { attempts: 23_110, failures: 11, latency: [[58, 23_110]] },
    );
    expect((await line.rollcall("rollout", "status", "Orders")).out.split("\n")).toEqual([
      "shop.v1.Orders  1.4.0 -> 1.5.0  running for 12s",
      "  ■□□□□  [1 %]  5 %  25 %  50 %  100 %",
      "  version  attempts  failures  error rate       p99",
      "  1.5.0         204         1      0.49 %     29 ms",
      "  1.4.0      23,110        11      0.05 %     24 ms",
      "  wanted     >= 500                <= 1 %  <= 36 ms",
      "  waits for    interval: 48 s left",
      "               204 of 500 samples",
      "               p99: 204 of 1000 samples",
      "  controller   orders 10.0.0.1:8080",
      "  seen by      1 caller",
      "  last change  12s ago by mia@laptop: rollout to 1.5.0 started: 1 %",
    ]);
  });

  it("gives scripts one line per service", async () => {
    await line.rollcall(...start);
    await report({ attempts: 10, failures: 1 }, { attempts: 100 });
    const { code, out } = await line.rollcall("rollout", "status", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      service,
      state: "running",
      to: "1.5.0",
      from: "1.4.0",
      percent: 1,
      canary: { attempts: 10, errorRate: 0.1 },
      controller: null,
      waitsFor: expect.arrayContaining(["a process that takes the steps", "10 of 500 samples"]),
    });
  });

  it("exits 5 when the rollout was aborted, 0 when it was promoted or there is none", async () => {
    expect(await line.rollcall("rollout", "status")).toEqual({ code: 0, out: "no rollouts", err: "" });
    expect((await line.rollcall("rollout", "status", "Orders")).out).toBe("shop.v1.Orders  no policy");
    await line.rollcall(...start);
    await line.rollcall("rollout", "abort", "Orders", "--reason", "wrong prices");
    const { code, out, err } = await line.rollcall("rollout", "status");
    expect({ code, err }).toEqual({ code: 5, err: "" });
    expect(out).toContain("aborted after 0s");
    expect(out).toContain("by mia@laptop: wrong prices");
    await line.rollcall(...start);
    await line.rollcall("rollout", "promote", "Orders");
    expect((await line.rollcall("rollout", "status")).code).toBe(0);
  });

  it("--watch writes a line where something changed, until Ctrl-C", async () => {
    await line.rollcall(...start);
    const { lines, done } = line.start(["rollout", "status", "Orders", "--watch"]);
    await settle();
    await line.clock.advance(5000);
    expect(lines).toHaveLength(1);
    await line.rollcall("rollout", "pause", "Orders");
    await line.clock.advance(1000);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain("1.4.0 -> 1.5.0 paused, 1 % (step 1 of 5); 1.5.0 0 attempts");
    line.interrupt();
    expect((await done).code).toBe(0);
  });

  it("--watch keeps a service in view whose instances are gone", async () => {
    const instances = line.registry.list;
    let gone = false;
    line = new CommandLine({ ...line.registry, list: async (...args) => (gone ? [] : instances(...args)) });
    await line.rollcall(...start);
    const { lines, done } = line.start(["rollout", "status", "Orders", "--watch", "--json"]);
    await settle();
    gone = true;
    await line.clock.advance(1000);
    line.interrupt();
    expect([(await done).code, lines.length]).toEqual([0, 2]);
  });

  it("--watch redraws in a terminal, and keeps the last picture", async () => {
    await line.rollcall(...start);
    const drawn: string[] = [];
    const screen = {
      color: true,
      redraw: (text: string) => void drawn.push(text),
      keep: () => void drawn.push("kept"),
    };
    const { done } = line.start(["rollout", "status", "--watch"], screen);
    await settle();
    await line.clock.advance(1000);
    line.interrupt();
    await done;
    expect(drawn).toHaveLength(3);
    expect(drawn[1]).toContain("running\u001b[39m for 1s");
    expect(drawn[2]).toBe("kept");
  });

  it("--watch --json writes a line of JSON each second", async () => {
    await line.rollcall(...start);
    const { lines, done } = line.start(["rollout", "status", "--watch", "--json"]);
    await settle();
    await line.clock.advance(2000);
    line.interrupt();
    await done;
    expect(lines.map((each) => (JSON.parse(each) as { ageMs: number }).ageMs)).toEqual([0, 1000, 2000]);
  });
});

describe("rollcall rollout start --wait", () => {
  it.each([
    ["promote", 0],
    ["abort", 5],
  ])("ends when somebody decides to %s, with exit code %d", async (decision, expected) => {
    const { lines, done } = line.start([...start, "--wait"]);
    await settle();
    await line.clock.advance(1000);
    await line.rollcall("rollout", decision, "Orders", "--reason", "enough");
    await line.clock.advance(1000);
    const { code, err } = await done;
    expect(code).toBe(expected);
    expect(lines.at(-1)).toContain("enough");
    if (expected === 5) expect(err).toBe(`error: the rollout of ${service} to 1.5.0 was aborted: enough`);
  });

  it("ends with the view, not with the rollout, on Ctrl-C", async () => {
    const { done } = line.start([...start, "--wait"]);
    await settle();
    line.interrupt();
    expect(await done).toMatchObject({ code: 0, err: expect.stringContaining("the rollout goes on") });
    expect((await line.policy())?.rollout?.state).toBe("running");
  });

  it("exits 1 when another rollout took its place", async () => {
    const { done } = line.start([...start, "--wait"]);
    await settle();
    await line.rollcall("rollout", "abort", "Orders");
    await line.rollcall(...start);
    await line.clock.advance(1000);
    expect(await done).toMatchObject({ code: 1, err: expect.stringContaining("took the place") });
  });
});
