import { type AttemptCounts, type CallerReport, type Rollout } from "@rollcall/core";
import { latencyBuckets, LatencyHistogram } from "./histogram.js";

/** What all callers together saw of one version. */
export interface Tally {
  attempts: number;
  failures: number;
  readonly latency: LatencyHistogram;
}

export interface Tallies {
  /** Of the new version, at the step in force. */
  readonly canary: Tally;
  /** Of the version that was stable, at all steps so far: the last one may leave it no calls. */
  readonly baseline: Tally;
  /** Callers whose reports count. */
  readonly callers: number;
}

/** No process makes more attempts per second; who reports more is not to be believed. */
const mostPerSecond = 100_000;
/** Clocks of different machines may be this far apart. */
const skewMs = 60_000;

/**
 * Adds up what the reports say about a rollout. A report counts as a whole or not at all: not when it is about another
 * rollout, is not made of whole numbers that fit together, or claims more attempts than one process can make.
 */
export function tally(rollout: Rollout, reports: readonly CallerReport[], nowMs: number): Tallies {
  const canary = emptyTally();
  const baseline = emptyTally();
  const most = (mostPerSecond * (Math.max(0, nowMs - rollout.startedAt) + skewMs)) / 1_000;
  let callers = 0;
  for (const report of reports) {
    if (report.rollout !== rollout.id || !isSound(report, most)) continue;
    callers++;
    for (const { step, versions } of report.steps) {
      if (step > rollout.step) continue;
      if (step === rollout.step) addTo(canary, countsOf(versions, rollout.to));
      addTo(baseline, countsOf(versions, rollout.from));
    }
  }
  return { canary, baseline, callers };
}

function emptyTally(): Tally {
  return { attempts: 0, failures: 0, latency: new LatencyHistogram() };
}

function addTo(sum: Tally, counts: AttemptCounts | undefined): void {
  if (!counts) return;
  sum.attempts += counts.attempts;
  sum.failures += counts.failures;
  sum.latency.add(counts.latency);
}

/** A version may have any name, `constructor` too. */
function countsOf(
  versions: Readonly<Record<string, AttemptCounts>>,
  version: string,
): AttemptCounts | undefined {
  return Object.hasOwn(versions, version) ? versions[version] : undefined;
}

function isSound({ steps }: CallerReport, most: number): boolean {
  let claimed = 0;
  const seen = new Set<number>();
  for (const { step, versions } of steps) {
    if (!isCount(step) || seen.has(step)) return false;
    seen.add(step);
    for (const counts of Object.values(versions)) {
      if (!isSoundCounts(counts)) return false;
      claimed += counts.attempts;
    }
  }
  return claimed <= most;
}

function isSoundCounts({ attempts, failures, latency }: AttemptCounts): boolean {
  let timed = 0;
  for (const [bucket, count] of latency) {
    if (!isCount(bucket) || bucket >= latencyBuckets || !isCount(count)) return false;
    timed += count;
  }
  return isCount(attempts) && isCount(failures) && failures <= attempts && timed <= attempts;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
