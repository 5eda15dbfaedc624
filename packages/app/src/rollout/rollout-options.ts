import { ConfigError, type Rollout, type RolloutPolicy } from "@rollcall/core";
import { callerId } from "../caller-id.js";
import {
  defaultIntervalMs,
  defaultMaxErrorRate,
  defaultMinSamples,
  defaultSteps,
  mostSteps,
} from "./defaults.js";

/** What a release is to be like. */
export interface RolloutOptions {
  /** Tells this rollout from others: `rolloutId(Math.random)`. */
  readonly id: string;
  /** The version to release. */
  readonly to: string;
  /** The version that is stable now. Default: as the policy says; needed when there is none. */
  readonly from?: string | undefined;
  /** Percent of the calls per step: above 0, rising, up to 100, 20 steps at most. Default 1, 5, 25, 50, 100. */
  readonly steps?: readonly number[] | undefined;
  /** The least time between two steps. Default 60 s. */
  readonly intervalMs?: number | undefined;
  /** Share of failed attempts, 0 to 1, that the new version may have. Default 0.01. */
  readonly maxErrorRate?: number | undefined;
  /** How much slower its p99 may be than the baseline's: 1 to 1000. Default: latency is not compared. */
  readonly maxP99Ratio?: number | undefined;
  /** Attempts on the new version that a step needs. Default 500. */
  readonly minSamples?: number | undefined;
}

const longestIntervalMs = 366 * 86_400_000;

/** A new rollout's id: 16 hexadecimal digits. */
export function rolloutId(random: () => number): string {
  return callerId(random);
}

/**
 * The options with their defaults.
 * @throws ConfigError naming the option, its value and what is allowed
 */
export function checkOptions(
  service: string,
  policy: RolloutPolicy | undefined,
  options: RolloutOptions,
): Omit<Rollout, "state" | "step" | "startedAt" | "stepAt"> {
  const {
    id,
    to,
    from = policy?.stable,
    steps = defaultSteps,
    intervalMs = defaultIntervalMs,
    maxErrorRate = defaultMaxErrorRate,
    maxP99Ratio,
    minSamples = defaultMinSamples,
  } = options;
  const check = (ok: boolean, option: string, value: unknown, allowed: string): void => {
    if (!ok)
      throw new ConfigError(`rollout of ${service}: ${option} is ${String(value)}; allowed: ${allowed}`);
  };
  check(to !== "", "the version to release", '""', "a version that instances register");
  if (!from) {
    throw new ConfigError(`${service} has no policy yet: say which version is stable now (from)`);
  }
  if (policy && from !== policy.stable) {
    throw new ConfigError(
      `the stable version of ${service} is ${policy.stable}, not ${from}; leave from out`,
    );
  }
  if (from === to)
    throw new ConfigError(`${to} is the stable version of ${service} already; release another one`);
  const rising = steps.every((percent, at) => percent > (steps[at - 1] ?? 0) && percent <= 100);
  check(
    steps.length > 0 && steps.length <= mostSteps && rising,
    "steps",
    steps.join(","),
    `1 to ${mostSteps} rising percents above 0 and up to 100, as in ${defaultSteps.join(",")}`,
  );
  check(intervalMs >= 0 && intervalMs <= longestIntervalMs, "intervalMs", intervalMs, "0 to 366 days");
  check(maxErrorRate >= 0 && maxErrorRate <= 1, "maxErrorRate", maxErrorRate, "0 to 1, as in 0.01");
  check(
    maxP99Ratio === undefined || (maxP99Ratio >= 1 && maxP99Ratio <= 1_000),
    "maxP99Ratio",
    maxP99Ratio,
    "1 to 1000, as in 1.5",
  );
  check(
    maxP99Ratio === undefined || steps[0] !== 100,
    "the first step with maxP99Ratio",
    100,
    "less than 100, which leaves calls to the version to compare with",
  );
  check(
    Number.isSafeInteger(minSamples) && minSamples > 0,
    "minSamples",
    minSamples,
    "a whole number above 0",
  );
  checkRoom(service, to, policy, Math.max(...steps));
  return { id, to, from, steps, intervalMs, maxErrorRate, maxP99Ratio, minSamples };
}

/** A rollout that will not fit beside other percent rules is refused now, not at the step that no longer fits. */
function checkRoom(service: string, to: string, policy: RolloutPolicy | undefined, most: number): void {
  let taken = 0;
  for (const rule of policy?.rules ?? []) {
    if (!rule.headers && rule.weight === undefined && rule.to.version !== to) taken += rule.percent ?? 0;
  }
  if (taken + most <= 100) return;
  throw new ConfigError(
    `rollout of ${service}: other percent rules take ${taken} %, which leaves ${100 - taken} for a step of ${most} %; remove them, or end at a lower step`,
  );
}
