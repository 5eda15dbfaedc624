import type { CallerReport, Rollout } from "@rollcall/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../testing/src/app/seed.js";
import { analyse, type Awaited, type Verdict } from "./analysis.js";
import { counts, reportOf, rolloutOf, startMs } from "./fixtures/reports.js";
import { LatencyHistogram } from "./histogram.js";

const seed = 20_261_121;
const intervalOver = startMs + 60_000;

function verdict(rollout: Rollout, reports: readonly CallerReport[], nowMs = intervalOver): Verdict {
  return analyse(rollout, reports, nowMs).verdict;
}

function awaited(given: Verdict): readonly (readonly [Awaited["what"], string])[] {
  if (given.kind !== "wait") throw new Error(`expected to wait, got ${JSON.stringify(given)}`);
  return given.for.map(({ what, detail }) => [what, detail]);
}

describe("an analysis", () => {
  it("adds up callers: the new version at the step in force, the baseline at all", () => {
    const report = (caller: string): CallerReport => ({
      caller,
      rollout: "r1",
      steps: [
        { step: 0, versions: { "1": counts(990, 1, 10), "2": counts(10, 1, 10) } },
        { step: 1, versions: { "1": counts(95, 0, 10), "2": counts(5, 0, 20), "3": counts(9, 9) } },
        { step: 2, versions: { "1": counts(7, 7), "2": counts(7, 7) } },
      ],
    });
    const other = { ...report("c"), rollout: "r0" };
    const analysis = analyse(rolloutOf({ step: 1 }), [report("a"), report("b"), other], startMs);
    expect(analysis).toMatchObject({
      callers: 2,
      canary: { version: "2", attempts: 10, failures: 0, errorRate: 0, timed: 10 },
      baseline: { version: "1", attempts: 2_170, failures: 2, errorRate: 2 / 2_170, timed: 2_170 },
    });
    expect(analysis.canary.p99Ms! / 20).toBeCloseTo(1, 1);
    expect(analysis.baseline.p99Ms! / 10).toBeCloseTo(1, 1);
  });

  it("waits for the interval and the samples, and says so", () => {
    expect(awaited(verdict(rolloutOf(), [], startMs + 41_500))).toEqual([
      ["interval", "interval: 19 s left"],
      ["samples", "0 of 500 samples"],
    ]);
    const report = reportOf({ "2": counts(312) });
    expect(awaited(verdict(rolloutOf(), [report]))).toEqual([["samples", "312 of 500 samples"]]);
  });

  it("goes on once there are enough", () => {
    expect(verdict(rolloutOf(), [reportOf({ "2": counts(500, 5, 10) })])).toEqual({
      kind: "promote",
      reason: "5 of 500 attempts on 2 failed (1 %), p99 10.2 ms",
    });
  });

  it("waits at most an interval, though the clock that began the step was ahead", () => {
    const ahead = rolloutOf({ stepAt: startMs + 3_600_000 });
    expect(awaited(verdict(ahead, [reportOf({ "2": counts(500) })]))).toEqual([
      ["interval", "interval: 60 s left"],
    ]);
  });

  it("waits while it is paused, and aborts a sick version all the same", () => {
    const paused = rolloutOf({ state: "paused" });
    expect(awaited(verdict(paused, [reportOf({ "2": counts(500) })]))).toEqual([["resume", "it is paused"]]);
    expect(verdict(paused, [reportOf({ "2": counts(20, 20) })]).kind).toBe("abort");
  });

  it("aborts a version of which nothing works after a handful of attempts, and says why", () => {
    const report = reportOf({ "1": counts(495, 1), "2": counts(5, 5) });
    expect(verdict(rolloutOf(), [report], startMs)).toEqual({
      kind: "abort",
      reason:
        "5 of 5 attempts on 2 failed (100 %) at 1 % of the calls; allowed: 1 %, or as with the baseline: 1 of 495 attempts on 1 failed (0.202 %)",
    });
    expect(verdict(rolloutOf(), [reportOf({ "2": counts(5, 5) })]).kind).toBe("abort");
  });

  it("aborts at 100 %, where hardly anything is known of the baseline", () => {
    const rollout = rolloutOf({ step: 4 });
    const report = reportOf({ "1": counts(3, 0), "2": counts(20, 10) }, { step: 4 });
    expect(verdict(rollout, [report]).kind).toBe("abort");
  });

  it("keeps to the limit at 100 %, where what little is known of the baseline is bad", () => {
    const report = reportOf({ "1": counts(3, 3), "2": counts(500, 5) }, { step: 4 });
    expect(verdict(rolloutOf({ step: 4 }), [report]).kind).toBe("promote");
  });

  it("does not blame the new version for what the baseline does as well", () => {
    const report = reportOf({ "1": counts(2_000, 200), "2": counts(1_000, 105) });
    expect(verdict(rolloutOf(), [report]).kind).toBe("promote");
  });

  it("does not take a baseline of few attempts for an excuse to fail half of them", () => {
    const report = reportOf({ "1": counts(19, 3), "2": counts(18, 8) });
    expect(awaited(verdict(rolloutOf({ minSamples: 15 }), [report]))).toEqual([
      ["error rate", "error rate: 44.4 %, allowed 24.2 %"],
    ]);
  });

  it("does not go on above the limit, though that is no proof", () => {
    const report = reportOf({ "1": counts(50_000, 20), "2": counts(500, 7) });
    expect(awaited(verdict(rolloutOf(), [report]))).toEqual([
      ["error rate", "error rate: 1.4 %, allowed 1 %"],
    ]);
  });

  describe("of latency", () => {
    const rollout = rolloutOf({ maxP99Ratio: 1.5 });

    it("waits for twice the samples", () => {
      const report = reportOf({ "1": counts(5_000, 0, 10), "2": counts(640, 0, 10) });
      expect(awaited(verdict(rollout, [report]))).toEqual([["p99 samples", "p99: 640 of 1000 samples"]]);
      const few = reportOf({ "1": counts(900, 0, 10), "2": counts(2_000, 0, 90) });
      expect(awaited(verdict(rollout, [few]))).toEqual([["p99 samples", "p99: 900 of 1000 samples of 1"]]);
    });

    it("aborts a version that is slower than allowed", () => {
      const report = reportOf({ "1": counts(5_000, 0, 100), "2": counts(50, 0, 300) });
      expect(verdict(rollout, [report], startMs)).toEqual({
        kind: "abort",
        reason:
          "50 of 50 answers of 2 took longer than 158 ms at 1 % of the calls; allowed: 1 % slower than 1.5 times the p99 of 1, which is 100 ms",
      });
    });

    it("goes on with one that is slower within the ratio", () => {
      const report = reportOf({ "1": counts(5_000, 0, 100), "2": counts(1_000, 0, 140) });
      expect(verdict(rollout, [report]).kind).toBe("promote");
      expect(verdict(rolloutOf(), [reportOf({ "2": counts(1_000, 0, 1e6) })]).kind).toBe("promote");
    });

    it("does not go on above the ratio, though that is no proof", () => {
      const latency = new LatencyHistogram();
      for (let each = 0; each < 1_000; each++) latency.record(each < 985 ? 100 : 300);
      const canary = { attempts: 1_000, failures: 0, latency: latency.pairs() };
      const report = reportOf({ "1": counts(5_000, 0, 100), "2": canary });
      expect(awaited(verdict(rollout, [report]))).toEqual([["p99", "p99: 315 ms, allowed 1.5 times 100 ms"]]);
    });

    it("has nothing to compare where all methods stream", () => {
      const report = reportOf({ "1": counts(5_000), "2": counts(1_000) });
      expect(verdict(rollout, [report]).kind).toBe("promote");
    });

    it("does not wait at 100 % for callers of the baseline, of which there are none", () => {
      const last = { ...rollout, step: 4 };
      expect(verdict(last, [reportOf({ "2": counts(1_000, 0, 10) }, { step: 4 })]).kind).toBe("promote");
    });
  });

  it.each([
    ["huge numbers", { "2": counts(2 ** 50) }],
    ["more than is safe to count", { "2": counts(2 ** 60) }],
    ["infinity", { "2": counts(Infinity) }],
    ["what is no number", { "2": counts(Number.NaN) }],
    ["no numbers of failures", { "2": counts(1_000, Number.NaN) }],
    ["negative failures", { "2": counts(1_000, -1_000) }],
    ["more failures than attempts", { "2": counts(1_000, 1_001) }],
    ["fractions", { "2": counts(1_000.5) }],
    ["unknown buckets", { "2": { attempts: 1_000, failures: 0, latency: [[4_096, 1]] } }],
    ["more latencies than attempts", { "2": { attempts: 1_000, failures: 0, latency: [[5, 1_001]] } }],
    ["unknown versions", { "3": counts(1_000), constructor: counts(1_000) }],
    ["sound counts beside others", { "2": counts(1_000), "3": counts(2 ** 50) }],
  ] as const)("is not made to go on by reports with %s", (_, versions) => {
    const report = reportOf(versions);
    expect(awaited(verdict(rolloutOf(), [report]))).toEqual([["samples", "0 of 500 samples"]]);
    const sick = reportOf({ "2": counts(20, 20) }, { caller: "c2" });
    expect(verdict(rolloutOf(), [report, sick]).kind).toBe("abort");
  });

  it("is not made to go on by a step that is there many times, or is none", () => {
    const step = { step: 0, versions: { "2": counts(400) } };
    for (const steps of [[step, step], [{ ...step, step: 0.5 }], [{ ...step, step: -1 }]]) {
      expect(awaited(verdict(rolloutOf(), [{ caller: "c", rollout: "r1", steps }]))).toEqual([
        ["samples", "0 of 500 samples"],
      ]);
    }
  });

  it("never throws, whatever the numbers", () => {
    const number = fc.oneof(fc.double(), fc.nat(), fc.constantFrom(Number.NaN, -0, 2 ** 53, 1e308));
    const anyCounts = fc.record({
      attempts: number,
      failures: number,
      latency: fc.array(fc.tuple(number, number)),
    });
    const versions = fc.dictionary(fc.constantFrom("1", "2", "toString"), anyCounts);
    const steps = fc.array(fc.record({ step: number, versions }));
    const reports = fc.array(fc.record({ caller: fc.string(), rollout: fc.constant("r1"), steps }));
    fc.assert(
      fc.property(reports, number, number, (given, nowMs, ratio) => {
        const analysis = analyse(rolloutOf({ maxP99Ratio: ratio }), given, nowMs);
        expect(["abort", "promote", "wait"]).toContain(analysis.verdict.kind);
      }),
      { seed },
    );
  });

  it("follows counts that fall, when callers leave", () => {
    expect(verdict(rolloutOf(), [reportOf({ "2": counts(600) })]).kind).toBe("promote");
    expect(verdict(rolloutOf(), [reportOf({ "2": counts(60) })]).kind).toBe("wait");
  });

  it("aborts hardly any version that is as the baseline is, in errors and latency", () => {
    const random = seededRandom(seed);
    let aborted = 0;
    for (let run = 0; run < 100; run++) {
      // As much as allowed; the baseline of every other run is worse than that.
      const share = run % 2 === 0 ? 0.01 : 0.04;
      const rollout = rolloutOf({ steps: [20], maxP99Ratio: 1 });
      const canary = { attempts: 0, failures: 0, latency: new LatencyHistogram() };
      const baseline = { attempts: 0, failures: 0, latency: new LatencyHistogram() };
      const see = (version: typeof canary, attempts: number): void => {
        for (let each = 0; each < attempts; each++) {
          version.attempts++;
          if (random() < share) version.failures++;
          version.latency.record(10 * (1 - random()) ** -0.5);
        }
      };
      for (let look = 0; look < 40; look++) {
        see(canary, 10);
        see(baseline, 40);
        const versions = {
          "2": { ...canary, latency: canary.latency.pairs() },
          "1": { ...baseline, latency: baseline.latency.pairs() },
        };
        if (verdict(rollout, [reportOf(versions)]).kind !== "abort") continue;
        aborted++;
        break;
      }
    }
    expect(aborted).toBeLessThanOrEqual(1);
  });

  it.each(["promoted", "aborted"] as const)("has no verdict on a rollout that was %s", (state) => {
    expect(verdict(rolloutOf({ state }), [reportOf({ "2": counts(500, 500) })])).toEqual({
      kind: "over",
      state,
    });
  });
});
