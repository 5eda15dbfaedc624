import { ConfigError, type RolloutPolicy } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import {
  abortRollout,
  nextStep,
  pauseRollout,
  promoteRollout,
  restorePolicy,
  resumeRollout,
  startRollout,
} from "./plan.js";

const author = { by: "ada", at: 1_000 };
const stable: RolloutPolicy = { gen: 7, stable: "1", rules: [], by: "ada", reason: "", at: 0 };
const options = { id: "r1", to: "2" };
const started = (policy: RolloutPolicy | undefined = stable): RolloutPolicy =>
  startRollout("orders", policy, options, author);

describe("a rollout's plan", () => {
  it("starts at the first step, with the defaults", () => {
    expect(started()).toEqual({
      gen: 8,
      stable: "1",
      rules: [{ to: { version: "2" }, percent: 1 }],
      by: "ada",
      reason: "rollout to 2 started: 1 %",
      at: 1_000,
      rollout: {
        id: "r1",
        to: "2",
        from: "1",
        state: "running",
        steps: [1, 5, 25, 50, 100],
        step: 0,
        intervalMs: 60_000,
        maxErrorRate: 0.01,
        minSamples: 500,
        startedAt: 1_000,
        stepAt: 1_000,
      },
    });
  });

  it("starts without a policy only when told what is stable", () => {
    expect(startRollout("orders", undefined, { ...options, from: "1" }, author)).toMatchObject({
      gen: 1,
      stable: "1",
    });
    expect(() => startRollout("orders", undefined, options, author)).toThrow("say which version is stable");
    expect(() => startRollout("orders", stable, { ...options, from: "0" }, author)).toThrow("is 1, not 0");
  });

  it("opens what an earlier abort closed, and leaves other rules alone", () => {
    const header = { to: { version: "2" }, headers: { "x-tester": "1" } };
    const weight = { to: { version: "2", id: "a" }, weight: 5 };
    const other = { to: { version: "3" }, percent: 0 };
    const rules = [{ to: { version: "2" }, percent: 0 }, header, weight, other];
    const running = started({ ...stable, rules });
    expect(running.rules).toEqual([header, weight, other, { to: { version: "2" }, percent: 1 }]);
    const second = nextStep("orders", running, author);
    expect(second.rules).toEqual([header, weight, other, { to: { version: "2" }, percent: 5 }]);
    const aborted = abortRollout("orders", second, author);
    expect(aborted.rules).toEqual([header, weight, other, { to: { version: "2" }, percent: 0 }]);
    expect(aborted.stable).toBe("1");
  });

  it("keeps its place among percent rules, which share out the calls in their order", () => {
    const running = started();
    const later = { to: { version: "3" }, percent: 0 };
    const twice = { ...running, rules: [...running.rules, later, { to: { version: "2" }, percent: 2 }] };
    expect(nextStep("orders", twice, author).rules).toEqual([{ to: { version: "2" }, percent: 5 }, later]);
  });

  it("keeps what an operator added to its own rule, and puts back one that was removed", () => {
    const running = started();
    const keyed = { ...running, rules: [{ ...running.rules[0]!, key: "user" }] };
    expect(nextStep("orders", keyed, author).rules).toEqual([
      { to: { version: "2" }, percent: 5, key: "user" },
    ]);
    expect(abortRollout("orders", { ...running, rules: [] }, author).rules).toEqual([
      { to: { version: "2" }, percent: 0 },
    ]);
  });

  it("refuses a second rollout while one is running or paused", () => {
    const paused = pauseRollout("orders", started(), author);
    for (const policy of [started(), paused]) {
      expect(() => started(policy)).toThrow(ConfigError);
      expect(() => started(policy)).toThrow(`a rollout of orders to 2 is ${policy.rollout?.state}`);
    }
  });

  it("goes through its steps and is promoted in one change", () => {
    let policy = started();
    for (const [step, percent] of [5, 25, 50, 100].entries()) {
      policy = nextStep("orders", policy, { by: "app", at: 2_000 + step });
      expect(policy.rules).toEqual([{ to: { version: "2" }, percent }]);
      expect(policy.rollout).toMatchObject({ step: step + 1, stepAt: 2_000 + step, startedAt: 1_000 });
    }
    expect(() => nextStep("orders", policy, author)).toThrow("is at its last step; promote it");
    const promoted = promoteRollout("orders", policy, author);
    expect(promoted).toMatchObject({ gen: 13, stable: "2", rules: [], rollout: { state: "promoted" } });
    expect(started({ ...promoted, stable: "1" }).rollout?.state).toBe("running");
  });

  it("gives a resumed step its whole interval again", () => {
    const paused = pauseRollout("orders", started(), { by: "ada", at: 3_000 });
    expect(paused.rollout).toMatchObject({ state: "paused", stepAt: 1_000 });
    expect(() => nextStep("orders", paused, author)).toThrow("it is paused, not running");
    const resumed = resumeRollout("orders", paused, { by: "ada", at: 9_000 });
    expect(resumed.rollout).toMatchObject({ state: "running", stepAt: 9_000 });
    expect(resumed.rules).toEqual(paused.rules);
  });

  it("says what to do when there is no rollout to change", () => {
    const aborted = abortRollout("orders", started(), author);
    for (const change of [pauseRollout, resumeRollout, nextStep, promoteRollout, abortRollout]) {
      expect(() => change("orders", stable, author)).toThrow(
        "no rollout is running for orders; start one with rollcall rollout start orders --to <version>",
      );
      expect(() => change("orders", undefined, author)).toThrow(ConfigError);
      expect(() => change("orders", aborted, author)).toThrow("the last one, to 2, was aborted");
    }
  });

  it("restores what was known as its next generation", () => {
    const running = started();
    expect(restorePolicy(running, { by: "app", at: 5_000 })).toEqual({
      ...running,
      gen: 9,
      by: "app",
      reason: "restored: the document was missing",
      at: 5_000,
    });
  });

  it.each([
    [{ to: "" }, 'the version to release is ""'],
    [{ to: "1" }, "1 is the stable version of orders already"],
    [{ steps: [] }, "steps is "],
    [{ steps: [5, 5] }, "steps is 5,5"],
    [{ steps: [0, 5] }, "steps is 0,5"],
    [{ steps: [50, 101] }, "steps is 50,101"],
    [{ steps: [100], maxP99Ratio: 2 }, "the first step with maxP99Ratio is 100"],
    [{ steps: [Number.NaN] }, "steps is NaN"],
    [{ steps: Array.from({ length: 21 }, (_, at) => at + 1) }, "1 to 20 rising percents"],
    [{ intervalMs: -1 }, "intervalMs is -1"],
    [{ intervalMs: Infinity }, "intervalMs is Infinity"],
    [{ maxErrorRate: 1.5 }, "maxErrorRate is 1.5"],
    [{ maxErrorRate: Number.NaN }, "maxErrorRate is NaN"],
    [{ maxP99Ratio: 0.5 }, "maxP99Ratio is 0.5"],
    [{ minSamples: 0.5 }, "minSamples is 0.5"],
  ])("does not start with %j", (change, message) => {
    expect(() => startRollout("orders", stable, { ...options, ...change }, author)).toThrow(message);
  });

  it("does not start where other percent rules leave it no room", () => {
    const policy = { ...stable, rules: [{ to: { version: "3" }, percent: 20 }] };
    expect(() => started(policy)).toThrow(
      "other percent rules take 20 %, which leaves 80 for a step of 100 %",
    );
    expect(startRollout("orders", policy, { ...options, steps: [5, 80] }, author).gen).toBe(8);
  });
});
