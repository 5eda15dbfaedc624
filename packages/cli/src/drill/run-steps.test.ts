import { createReceipt, type Exit, type Member, type Tally } from "@rollcall/testing/fleet";
import { FakeClock } from "@rollcall/testing";
import { describe, expect, it } from "vitest";
import { runSteps, type SkippedStep } from "./run-steps.js";
import type { Stage } from "./stage.js";
import { drillSteps } from "./steps.js";
import { createTimeline } from "./timeline.js";

const inOrder: Exit = { code: 0, signal: null };

interface Told {
  readonly log: string[];
  readonly problems: string[];
  readonly skipped: readonly SkippedStep[];
  readonly tookMs: number;
}

/** Runs steps over members that only write down what is done to them. */
async function run(
  names: readonly string[],
  {
    exit = inOrder,
    size = 3,
    ...change
  }: Partial<Stage> & { readonly exit?: Exit; readonly size?: number } = {},
): Promise<Told> {
  const clock = new FakeClock();
  const log: string[] = [];
  const problems: string[] = [];
  const members = Array.from({ length: size }, (_, n) => {
    const name = `drill-${n}`;
    return {
      name,
      stop: async () => (log.push(`${name} stop`), exit),
      kill: async () => (log.push(`${name} kill`), { code: null, signal: "SIGKILL" }),
      start: async (port: string) => void log.push(`${name} start ${port}`),
      current: { signal: (signal: string) => log.push(`${name} ${signal}`) },
    } as unknown as Member;
  });
  const stage: Stage = {
    fleet: { members } as unknown as Stage["fleet"],
    caller: {
      // drill-1 gets most.
      get progress() {
        const calls = (perMs: number): Tally => ({ calls: clock.now() * perMs }) as Tally;
        return {
          byInstance: { "drill-0": calls(1), "drill-1": calls(2), "drill-2": calls(1) },
        } as unknown as Stage["caller"]["progress"];
      },
      step: async (name, options) => void log.push(`step ${name}${options?.outage ? " (outage)" : ""}`),
    },
    recorder: createReceipt({ clock }),
    registry: {
      outage: {
        pause: async () => void log.push("registry pause"),
        resume: () => void log.push("registry resume"),
      },
    },
    timeline: createTimeline(clock),
    clock,
    signal: new AbortController().signal,
    shareMs: 6000,
    repeatable: true,
    problem: (text) => void problems.push(text),
    ...change,
  };
  const steps = names.map((name) => drillSteps.find((step) => step.name === name)!);
  const beganMs = clock.now();
  let over = false;
  const running = runSteps(stage, steps, () => {}).finally(() => (over = true));
  running.catch(() => {});
  while (!over) await clock.advance(100);
  return { log, problems, skipped: await running, tookMs: clock.now() - beganMs };
}

describe("the steps of a drill", () => {
  it("restarts one instance after the other, until its share of the time is over", async () => {
    const { log, tookMs } = await run(["rolling-restart"]);
    expect(log.slice(0, 7)).toEqual([
      "step rolling-restart",
      "drill-0 stop",
      "drill-0 start same",
      "drill-1 stop",
      "drill-1 start same",
      "drill-2 stop",
      "drill-2 start same",
    ]);
    expect(tookMs).toBeGreaterThanOrEqual(6000);
  });

  it("restarts all at once in a step that nobody can serve in", async () => {
    const { log } = await run(["restart-all"]);
    expect(log.slice(0, 4)).toEqual([
      "step restart-all (outage)",
      "drill-0 stop",
      "drill-1 stop",
      "drill-2 stop",
    ]);
  });

  it("kills the one that most calls go to, and starts it again", async () => {
    const { log } = await run(["kill"], { shareMs: 2000 });
    expect(log).toEqual(["step kill", "drill-1 kill", "drill-1 start same"]);
  });

  it("lets a hung instance go on, also when the drill is interrupted", async () => {
    expect((await run(["hang"])).log).toEqual(["step hang", "drill-1 SIGSTOP", "drill-1 SIGCONT"]);
    const log: string[] = [];
    const interrupt = new AbortController();
    const progress = { byInstance: {} } as unknown as Stage["caller"]["progress"];
    const caller: Stage["caller"] = { progress, step: async (name) => void log.push(name) };
    const stopped = run(["hang", "steady"], {
      signal: interrupt.signal,
      caller,
      fleet: {
        members: [
          {
            name: "drill-0",
            current: {
              signal: (signal: string) => {
                log.push(signal);
                if (signal === "SIGSTOP") interrupt.abort(new Error("interrupted"));
              },
            },
          },
        ],
      } as unknown as Stage["fleet"],
    });
    await expect(stopped).rejects.toThrow("interrupted");
    expect(log).toEqual(["hang", "SIGSTOP", "SIGCONT"]);
  });

  it("stops the registry, lets it go on, and shows that instances come and go again", async () => {
    const { log } = await run(["etcd-outage"]);
    expect(log).toEqual([
      "step etcd-outage",
      "registry pause",
      "registry resume",
      "drill-0 stop",
      "drill-0 start same",
    ]);
  });

  it("does not stop a registry that is somebody else's", async () => {
    const { log, skipped } = await run(["etcd-outage", "steady"], { registry: {} });
    expect(log).toEqual(["step steady"]);
    expect(skipped).toEqual([{ name: "etcd-outage", why: expect.stringContaining("leave out --registry") }]);
  });

  it("neither kills nor stops an instance in whose hands may be a call that may run once", async () => {
    const { skipped } = await run(["kill", "hang", "rolling-restart"], { repeatable: false });
    expect(skipped.map(({ name }) => name)).toEqual(["kill", "hang"]);
  });

  it("counts every step as an outage where there is one instance only", async () => {
    const { log } = await run(["rolling-restart"], { size: 1, shareMs: 1000 });
    expect(log[0]).toBe("step rolling-restart (outage)");
  });

  it("goes on when an instance ends with an error, and tells of it", async () => {
    const { log, problems } = await run(["restart-all"], { exit: { code: 3, signal: null }, size: 2 });
    expect(problems).toEqual([
      "drill-0 ended with code 3 after SIGTERM",
      "drill-1 ended with code 3 after SIGTERM",
    ]);
    expect(log).toContain("drill-1 start same");
  });

  it("says what is wrong with a command that SIGTERM kills", async () => {
    const { problems } = await run(["restart-all"], { exit: { code: null, signal: "SIGTERM" }, size: 1 });
    expect(problems[0]).toMatch(
      /^drill-0 ended with SIGTERM after SIGTERM; nothing handles the signal: run the service by node/,
    );
  });
});
