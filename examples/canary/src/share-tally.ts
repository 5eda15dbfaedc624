import { breakerOpen, type Interceptor, type RolloutPolicy } from "@rollcall/app";

/** What the caller has seen of the new version so far. Times are milliseconds since the epoch. */
export interface ShareTally {
  /** In the order in which they came into force: percent, calls made under it, those of them that the new version got. */
  readonly steps: [percent: number, calls: number, toCanary: number][];
  failedOnCanary: number;
  failedElsewhere: number;
  firstBadAt?: number;
  /** When this caller first knew that the rollout was over, and how it ended. */
  endedAt?: number;
  outcome?: "promoted" | "aborted";
}

/** The percentage of the calls that a policy gives to a version. */
export function percentOf(policy: RolloutPolicy | undefined, version: string): number {
  if (!policy) return 0;
  if (policy.stable === version) return 100;
  return policy.rules.find(({ to, headers }) => to.version === version && !headers)?.percent ?? 0;
}

/** Counts each call under the policy that is in force when it is made. */
export function countShares(
  tally: ShareTally,
  version: string,
  policy: () => RolloutPolicy | undefined,
): Interceptor {
  return (next) => async (call) => {
    const step = stepOf(tally, percentOf(policy(), version));
    const onCanary = (error?: unknown): boolean =>
      call.attempts.at(-1)?.instance.version === version ||
      // Meant for the new version, which fails so much that the breaker sends it nothing for now.
      breakerOpen(error)?.subset === `version=${version}`;
    try {
      const reply = await next(call);
      if (onCanary()) step[2]++;
      return reply;
    } catch (error) {
      if (onCanary(error)) {
        step[2]++;
        tally.failedOnCanary++;
        tally.firstBadAt ??= Date.now();
      } else tally.failedElsewhere++;
      throw error;
    } finally {
      step[1]++;
    }
  };
}

/** Notes how the rollout ended, when the policy says so. */
export function noteEnd(tally: ShareTally, policy: RolloutPolicy | undefined): void {
  const state = policy?.rollout?.state;
  if (tally.outcome !== undefined || (state !== "promoted" && state !== "aborted")) return;
  tally.outcome = state;
  tally.endedAt = Date.now();
}

function stepOf(tally: ShareTally, percent: number): ShareTally["steps"][number] {
  const known = tally.steps.find(([each]) => each === percent);
  if (known) return known;
  const step: ShareTally["steps"][number] = [percent, 0, 0];
  tally.steps.push(step);
  return step;
}
