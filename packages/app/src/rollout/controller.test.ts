import type { RolloutPolicy, RolloutStore } from "@rollcall/core";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../testing/src/app/seed.js";
import { Release, service, type Host } from "./fixtures/release.js";
import { abortRollout, pauseRollout, promoteRollout, resumeRollout } from "./plan.js";

const seed = 20_261_121;
const { signal } = new AbortController();

const releaseOf = (seed: number): Release => new Release(new FakeClock(), seededRandom(seed));
const state = (policy: RolloutPolicy): string | undefined => policy.rollout?.state;
const messages = ({ lines }: Host, from = 30): string[] =>
  lines.filter(({ level }) => level >= from).map(({ msg }) => msg);

/** Every policy that was in force, oldest first. */
async function history({ registry }: Release): Promise<readonly RolloutPolicy[]> {
  return (await registry.rollouts!.history(service, signal)).toReversed();
}

async function leader({ registry }: Release): Promise<string | undefined> {
  return registry.rollouts!.leader(service, signal);
}

/** Each policy follows the one before it: no step twice, none left out, one author's change at a time. */
async function expectWholeSteps(release: Release): Promise<void> {
  const all = await history(release);
  expect(all.map(({ gen }) => gen)).toEqual(all.map((_, at) => at + 1));
  const steps = all.filter((policy) => state(policy) === "running").map(({ rollout }) => rollout!.step);
  expect(steps).toEqual([0, 1, 2, 3, 4]);
  expect(all.at(-1)).toMatchObject({ stable: "2", rules: [], rollout: { state: "promoted" } });
}

describe("a rollout", () => {
  it("of a healthy version goes from step to step, and is promoted", async () => {
    const release = releaseOf(seed);
    release.failing = { "1": 0.002, "2": 0.002 };
    const host = release.host("orders a:1");
    await release.begin({ maxP99Ratio: 1.5 });
    await release.runUntil((policy) => state(policy) === "promoted");
    await expectWholeSteps(release);
    const all = await history(release);
    for (const [at, { rollout, at: madeAt }] of all.entries()) {
      if (at > 0) expect(madeAt - all[at - 1]!.rollout!.stepAt).toBeGreaterThanOrEqual(rollout!.intervalMs);
    }
    expect(all[1]).toMatchObject({
      by: "orders a:1",
      rules: [{ to: { version: "2" }, percent: 5 }],
      reason: expect.stringMatching(
        /^step 2 of 5, 5 % to 2: \d+ of \d+ attempts on 2 failed \(.* %\), p99 .* ms$/,
      ),
    });
    expect(messages(host).filter((each) => each !== "rollout waits")).toEqual([
      "in charge of the rollout",
      ...Array<string>(4).fill("rollout: next step"),
      "rollout promoted",
    ]);
    expect(host.lines.filter(({ msg, level }) => msg === "rollout waits" && level >= 30).length).toBeLessThan(
      20,
    );
    await release.clock.advance(5_000);
    expect(await leader(release)).toBeUndefined();
    await host.stop();
    expect(release.clock.pending).toBe(0);
  });

  it("of a sick version is aborted within seconds, and says why", async () => {
    const release = releaseOf(seed);
    release.failing = { "2": 0.5 };
    const host = release.host("orders a:1");
    await release.begin();
    await release.run(8_000);
    const policy = await release.policy();
    expect(policy).toMatchObject({
      gen: 2,
      stable: "1",
      rules: [{ to: { version: "2" }, percent: 0 }],
      rollout: { state: "aborted", step: 0 },
      by: "orders a:1",
      reason: expect.stringMatching(
        /^aborted: \d+ of \d+ attempts on 2 failed \(.* %\) at 1 % of the calls; allowed: 1 %, or as with the baseline: 0 of \d+ attempts on 1 failed \(0 %\)$/,
      ),
    });
    expect(host.lines.at(-1)).toMatchObject({ msg: "rollout aborted", level: 40, reason: policy.reason });
    await host.stop();
  });

  it("of a version that gets sick under load is aborted at that step", async () => {
    const release = releaseOf(seed);
    const host = release.host("a");
    await release.begin();
    await release.runUntil(({ rollout }) => rollout?.step === 4);
    release.failing = { "2": 0.05 };
    await release.runUntil((policy) => state(policy) === "aborted");
    expect((await release.policy()).rollout?.step).toBe(4);
    await host.stop();
  });

  it("waits where there are too few calls, for as long as it takes", async () => {
    const release = releaseOf(seed);
    release.callsPerSecond = 100;
    const host = release.host("a");
    await release.begin();
    await release.run(400_000);
    expect((await release.policy()).gen).toBe(1);
    expect(host.lines.at(-1)).toMatchObject({
      msg: "rollout waits",
      reason: expect.stringMatching(/^(39\d|400) of 500 samples$/),
    });
    await release.run(110_000);
    expect((await release.policy()).gen).toBe(2);
    await host.stop();
  });

  it("is run by one of two controllers, without a step taken twice", async () => {
    const release = releaseOf(seed);
    const hosts = [release.host("a"), release.host("b")];
    await release.begin();
    await release.run(10_000);
    expect(
      hosts.flatMap((host) => messages(host)).filter((each) => each.startsWith("in charge")),
    ).toHaveLength(1);
    await release.runUntil((policy) => state(policy) === "promoted");
    await expectWholeSteps(release);
    for (const host of hosts) await host.stop();
    expect(release.clock.pending).toBe(0);
  });

  it.each([0, 1, 2, 3, 4])("survives the death of its controller at step %d", async (step) => {
    const release = releaseOf(seed + step);
    const hosts = new Map(["a", "b"].map((name) => [name, release.host(name)]));
    await release.begin();
    await release.runUntil((policy) => policy.rollout?.step === step);
    await release.run(3_000);
    const first = (await leader(release))!;
    hosts.get(first)!.die();
    await release.runUntil((policy) => state(policy) === "promoted");
    await expectWholeSteps(release);
    expect((await release.policy()).by).toBe(first === "a" ? "b" : "a");
  });

  it("goes on from the registry when all controllers have died, and others come", async () => {
    const release = releaseOf(seed);
    const first = release.host("a");
    await release.begin();
    await release.runUntil(({ rollout }) => rollout?.step === 2);
    first.die();
    await release.run(60_000);
    expect((await release.policy()).rollout?.step).toBe(2);
    release.host("b");
    await release.runUntil((policy) => state(policy) === "promoted");
    await expectWholeSteps(release);
  });

  it("goes on when its controller stops, at once", async () => {
    const release = releaseOf(seed);
    const a = release.host("a");
    await release.begin();
    await release.run(3_000);
    const b = release.host("b");
    await a.stop();
    await release.run(3_000);
    expect(await leader(release)).toBe("b");
    expect(messages(a, 40)).toEqual([]);
    await b.stop();
  });

  it("is campaigned for again by who has lost the leadership", async () => {
    const release = releaseOf(seed);
    const host = release.host("a");
    await release.begin();
    await release.run(3_000);
    await host.store.lose();
    await release.run(3_000);
    expect(messages(host, 40)).toEqual(["no longer in charge of the rollout: the leadership was lost"]);
    expect(await leader(release)).toBe("a");
    await release.runUntil((policy) => state(policy) === "promoted");
    await expectWholeSteps(release);
    await host.stop();
  });

  it("is not stepped by who has lost the leadership without hearing of it", async () => {
    const release = releaseOf(seed);
    const a = release.host("a");
    await release.begin();
    await release.run(3_000);
    await a.store.expire();
    const b = release.host("b");
    await release.runUntil((policy) => state(policy) === "promoted");
    await expectWholeSteps(release);
    expect((await history(release)).slice(1).map(({ by }) => by)).toEqual(Array(5).fill("b"));
    expect(messages(a, 40)).toEqual(["rollout: not in charge any more"]);
    await a.stop();
    await b.stop();
  });

  it.each([
    ["pauses", pauseRollout, "paused"],
    ["aborts", abortRollout, "aborted"],
    ["promotes", promoteRollout, "promoted"],
  ] as const)(
    "respects an operator who %s it, between reading and writing too",
    async (_, change, expected) => {
      const release = releaseOf(seed);
      const { rollouts } = release.registry;
      const host = release.host("a");
      await release.begin();
      // The controller reads the reports after the policy: the operator is faster than its decision.
      const { reports } = host.store;
      let acted = false;
      const interrupted: RolloutStore["reports"] = async (...args) => {
        const { policy } = await rollouts!.read(service, signal);
        if (!acted && policy?.rollout?.step === 2) {
          acted = true;
          await release.change((now) => change(service, now, { by: "ada", at: release.clock.now() }));
        }
        return reports(...args);
      };
      host.store.reports = interrupted;
      await release.runUntil((policy) => policy.by === "ada" && policy.gen > 1);
      await release.run(120_000);
      expect(await release.policy()).toMatchObject({ by: "ada", gen: 4, rollout: { state: expected } });
      await host.stop();
    },
  );

  it("leaves a change alone that wins against its step", async () => {
    const release = releaseOf(seed);
    const host = release.host("a");
    await release.begin();
    const { compareAndSet } = host.store;
    let acted = false;
    host.store.compareAndSet = async (...args) => {
      if (!acted) {
        acted = true;
        await release.change((now) => abortRollout(service, now, { by: "ada", at: release.clock.now() }));
      }
      return compareAndSet(...args);
    };
    await release.run(120_000);
    expect(await release.policy()).toMatchObject({ by: "ada", gen: 2, rollout: { state: "aborted" } });
    expect(messages(host)).toContain("rollout: the policy was changed by somebody else, reading it again");
    await host.stop();
  });

  it("that is paused is not promoted, but aborted when it is sick; resumed, it waits its interval again", async () => {
    const release = releaseOf(seed);
    const host = release.host("a");
    await release.begin();
    await release.run(10_000);
    const at = (): number => release.clock.now();
    await release.change((now) => pauseRollout(service, now, { by: "ada", at: at() }));
    await release.run(300_000);
    expect((await release.policy()).gen).toBe(2);
    await release.change((now) => resumeRollout(service, now, { by: "ada", at: at() }));
    await release.run(58_000);
    expect((await release.policy()).gen).toBe(3);
    await release.run(6_000);
    expect((await release.policy()).gen).toBe(4);
    await release.change((now) => pauseRollout(service, now, { by: "ada", at: at() }));
    release.failing = { "2": 1 };
    await release.run(5_000);
    expect(await release.policy()).toMatchObject({ gen: 6, by: "a", rollout: { state: "aborted" } });
    await host.stop();
  });

  it("is followed by another one", async () => {
    const release = releaseOf(seed);
    const host = release.host("a");
    for (const [id, to, from] of [
      ["r1", "2", "1"],
      ["r2", "3", "2"],
    ] as const) {
      await release.begin({ id, to, from, steps: [50, 100] });
      await release.runUntil((policy) => state(policy) === "promoted");
    }
    expect(await release.policy()).toMatchObject({ gen: 6, stable: "3" });
    await host.stop();
  });

  it.each(["fails", "hangs"] as const)(
    "goes on after a registry that %s, with one warning",
    async (trouble) => {
      const release = releaseOf(seed);
      const host = release.host("a");
      await release.begin();
      await release.run(3_000);
      host.store.trouble = trouble;
      const before = host.store.asked.length;
      await release.run(200_000);
      expect((await release.policy()).gen).toBe(1);
      expect(host.store.asked.length - before).toBeLessThan(50);
      expect(messages(host, 40)).toEqual(["requests for the rollout of test.v1.Echo failed: trying again"]);
      host.store.trouble = "none";
      await release.runUntil((policy) => state(policy) === "promoted");
      await expectWholeSteps(release);
      await host.stop();
    },
  );

  it("does not hold up a process that stops while the registry hangs", async () => {
    const release = releaseOf(seed);
    const host = release.host("a");
    await release.begin();
    await release.run(3_000);
    host.store.trouble = "hangs";
    await release.clock.advance(2_000);
    const stopping = host.stop();
    await release.clock.advance(500);
    await stopping;
    expect(release.clock.pending).toBe(0);
  });

  it("does not wait for ever where the clock that began the step was hours ahead", async () => {
    const release = releaseOf(seed);
    const host = release.host("a");
    await release.begin();
    await release.change((policy) => ({
      ...policy!,
      gen: 2,
      rollout: { ...policy!.rollout!, stepAt: release.clock.now() + 7_200_000 },
    }));
    await release.run(66_000);
    expect(await release.policy()).toMatchObject({ gen: 3, rollout: { step: 1 } });
    await host.stop();
  });

  it("asks nothing of the registry while there is none", async () => {
    const release = releaseOf(seed);
    const host = release.host("a");
    await release.clock.advance(60_000);
    expect(host.store.asked).toEqual([]);
    await release.begin();
    await settle();
    await release.change((now) => abortRollout(service, now, { by: "ada", at: 0 }));
    await release.clock.advance(60_000);
    expect(release.clock.pending).toBe(0);
    expect(await leader(release)).toBeUndefined();
    await host.stop();
  });
});
