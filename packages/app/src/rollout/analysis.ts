import type { CallerReport, Rollout } from "@rollcall/core";
import { bucketEndMs, latencyBucket } from "./histogram.js";
import { percentOf } from "./plan.js";
import { exceeds, upperBound } from "./sequential-test.js";
import { tally, type Tallies, type Tally } from "./tally.js";
import { inPercent, milliseconds, secondsLeft } from "./words.js";

/** The probability that a rollout of a version which keeps its limits is aborted, over all its steps and looks. */
export const falseAborts = 0.001;
/** Two tests, of errors and of latency, each of them with a bound of the baseline. */
const perTest = falseAborts / 4;
/** A baseline that fails more often than this excuses nothing. */
const worstBaseline = 0.5;
/** Of the answers, those slower than the 99th percentile. */
const slowShare = 0.01;

/** What callers saw of one version. */
export interface VersionAnalysis {
  readonly version: string;
  /** All that ended, but for those that the caller cancelled or the server never saw. */
  readonly attempts: number;
  readonly failures: number;
  /** 0 to 1; undefined without attempts. */
  readonly errorRate: number | undefined;
  /** Unary attempts. */
  readonly timed: number;
  /** Of the unary attempts, within 5 %; undefined without any. */
  readonly p99Ms: number | undefined;
}

/** Something that a step needs before the next one. */
export interface Awaited {
  readonly what: "resume" | "interval" | "samples" | "error rate" | "p99 samples" | "p99";
  /** With its values: `312 of 500 samples`. */
  readonly detail: string;
}

/** What the attempts so far say about a rollout. */
export type Verdict =
  /** The new version is out of its limits. */
  | { readonly kind: "abort"; readonly reason: string }
  /** The step has shown what it had to: the next one, or after the last the promotion. */
  | { readonly kind: "promote"; readonly reason: string }
  | { readonly kind: "wait"; readonly for: readonly Awaited[] }
  /** The rollout has ended. */
  | { readonly kind: "over"; readonly state: "promoted" | "aborted" };

/** A rollout as its callers see it. */
export interface Analysis {
  /** The new version, at the step in force. */
  readonly canary: VersionAnalysis;
  /** The version that was stable when the rollout began, at all its steps so far. */
  readonly baseline: VersionAnalysis;
  /** How many callers' reports counted. */
  readonly callers: number;
  readonly verdict: Verdict;
}

/**
 * Compares the new version with the baseline. Pure: what a controller decides by, and what a command shows.
 * - Abort: the sequential tests of `sequential-test.ts` show that its attempts fail more often than `maxErrorRate` and
 *   than the baseline's may, or, with `maxP99Ratio`, that more than 1 % of its answers are slower than that many times the
 *   baseline's p99. A version that keeps its limits is aborted in one of 1,000 rollouts at most.
 * - Promote: the step has lasted its interval and has its samples, and the new version is within its limits.
 * - Wait: for all that is listed. A paused rollout waits, but a sick version is aborted all the same.
 * @param reports of any rollout; those of others, and damaged ones, do not count
 * @param nowMs milliseconds since the epoch
 */
export function analyse(rollout: Rollout, reports: readonly CallerReport[], nowMs: number): Analysis {
  const tallies = tally(rollout, reports, nowMs);
  return {
    canary: versionAnalysis(rollout.to, tallies.canary),
    baseline: versionAnalysis(rollout.from, tallies.baseline),
    callers: tallies.callers,
    verdict: verdictOn(rollout, tallies, nowMs),
  };
}

function verdictOn(rollout: Rollout, tallies: Tallies, nowMs: number): Verdict {
  const { state } = rollout;
  if (state === "promoted" || state === "aborted") return { kind: "over", state };
  const reason = faultOf(rollout, tallies);
  return reason === undefined ? promotion(rollout, tallies, nowMs) : { kind: "abort", reason };
}

function faultOf(rollout: Rollout, tallies: Tallies): string | undefined {
  // Each step is a test of its own, with counts of its own.
  const perStep = perTest / Math.max(1, rollout.steps.length);
  return errorFault(rollout, tallies, perStep) ?? latencyFault(rollout, tallies, perStep);
}

function errorFault(rollout: Rollout, { canary, baseline }: Tallies, alpha: number): string | undefined {
  const limit = Math.max(rollout.maxErrorRate, excuse(rollout, baseline));
  if (!exceeds(canary.failures, canary.attempts, limit, alpha)) return undefined;
  return `${errorsOf(rollout.to, canary)} at ${percentOf(rollout)} % of the calls; allowed: ${inPercent(rollout.maxErrorRate)}, or as with the baseline: ${errorsOf(rollout.from, baseline)}`;
}

/** How often the baseline may fail, as far as is known. */
function excuse(rollout: Rollout, { attempts, failures }: Tally): number {
  // Where no call goes to the baseline any more, waiting to know it better would let a sick version serve everybody.
  const grows = percentOf(rollout) < 100 || attempts >= rollout.minSamples;
  if (!grows || attempts === 0) return 0;
  return Math.min(worstBaseline, upperBound(failures, attempts, perTest));
}

function latencyFault(rollout: Rollout, { canary, baseline }: Tallies, alpha: number): string | undefined {
  const { maxP99Ratio } = rollout;
  const p99 = baseline.latency.quantileBucket(1 - slowShare);
  if (maxP99Ratio === undefined || p99 === undefined) return undefined;
  if (baseline.latency.total < timedNeeded(rollout)) return undefined;
  // In whole buckets: the bound of one times the ratio is what anything in it becomes at most.
  const slowMs = bucketEndMs(p99) * maxP99Ratio;
  const slow = canary.latency.above(latencyBucket(slowMs));
  // What was seen as the 99th percentile may be a lower one.
  const limit = upperBound(slowShare * baseline.latency.total, baseline.latency.total, perTest);
  if (!exceeds(slow, canary.latency.total, limit, alpha)) return undefined;
  return `${slow} of ${canary.latency.total} answers of ${rollout.to} took longer than ${milliseconds(slowMs)} at ${percentOf(rollout)} % of the calls; allowed: 1 % slower than ${maxP99Ratio} times the p99 of ${rollout.from}, which is ${milliseconds(baseline.latency.quantileMs(1 - slowShare))}`;
}

function promotion(rollout: Rollout, { canary, baseline }: Tallies, nowMs: number): Verdict {
  const { intervalMs, minSamples, maxErrorRate } = rollout;
  const awaited: Awaited[] = [];
  const wait = (what: Awaited["what"], detail: string): void => void awaited.push({ what, detail });

  if (rollout.state === "paused") wait("resume", "it is paused");
  const leftMs = Math.min(intervalMs, rollout.stepAt + intervalMs - nowMs);
  if (!(leftMs <= 0)) wait("interval", `interval: ${secondsLeft(leftMs)} left`);
  if (canary.attempts < minSamples) wait("samples", `${canary.attempts} of ${minSamples} samples`);
  const rate = rateOf(canary);
  const baselineRate = rateOf(baseline) ?? 0;
  // A baseline within the limit gives no room beyond it; another one as much as it was seen to fail, and what chance
  // adds to that. The bound that an abort must prove is no measure here: with few samples it would let half fail.
  const excused = baselineRate > maxErrorRate ? baselineRate + standardError(baseline) : 0;
  const allowed = Math.max(maxErrorRate, Math.min(worstBaseline, excused));
  if (rate !== undefined && rate > allowed)
    wait("error rate", `error rate: ${inPercent(rate)}, allowed ${inPercent(allowed)}`);
  compareP99(rollout, canary, baseline, wait);

  if (awaited.length > 0) return { kind: "wait", for: awaited };
  const p99 = milliseconds(canary.latency.quantileMs(1 - slowShare));
  return { kind: "promote", reason: `${errorsOf(rollout.to, canary)}, p99 ${p99}` };
}

function standardError({ attempts, failures }: Tally): number {
  const rate = failures / attempts;
  return Math.sqrt((rate * (1 - rate)) / attempts);
}

function compareP99(
  rollout: Rollout,
  canary: Tally,
  baseline: Tally,
  wait: (what: Awaited["what"], detail: string) => void,
): void {
  const { maxP99Ratio, from } = rollout;
  if (maxP99Ratio === undefined) return;
  const needed = timedNeeded(rollout);
  const enough = Math.min(canary.attempts, baseline.attempts) >= needed;
  // A service of streams alone has nothing to compare.
  if (enough && canary.latency.total === 0 && baseline.latency.total === 0) return;
  if (canary.latency.total < needed)
    return wait("p99 samples", `p99: ${canary.latency.total} of ${needed} samples`);
  if (baseline.latency.total < needed) {
    // At 100 % nobody calls the baseline, and what its callers knew ended with them.
    if (percentOf(rollout) < 100)
      wait("p99 samples", `p99: ${baseline.latency.total} of ${needed} samples of ${from}`);
    return;
  }
  const canaryMs = canary.latency.quantileMs(1 - slowShare) ?? 0;
  const baselineMs = baseline.latency.quantileMs(1 - slowShare) ?? 0;
  if (!(canaryMs <= maxP99Ratio * baselineMs)) {
    wait("p99", `p99: ${milliseconds(canaryMs)}, allowed ${maxP99Ratio} times ${milliseconds(baselineMs)}`);
  }
}

function timedNeeded({ minSamples }: Rollout): number {
  return 2 * minSamples;
}

function versionAnalysis(version: string, tally: Tally): VersionAnalysis {
  const { attempts, failures, latency } = tally;
  return {
    version,
    attempts,
    failures,
    errorRate: rateOf(tally),
    timed: latency.total,
    p99Ms: latency.quantileMs(1 - slowShare),
  };
}

function rateOf({ attempts, failures }: Tally): number | undefined {
  return attempts > 0 ? failures / attempts : undefined;
}

function errorsOf(version: string, { attempts, failures }: Tally): string {
  const share = attempts > 0 ? ` (${inPercent(failures / attempts)})` : "";
  return `${failures} of ${attempts} attempts on ${version} failed${share}`;
}
