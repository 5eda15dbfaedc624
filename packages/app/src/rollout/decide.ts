import type { Verdict } from "./analysis.js";
import {
  abortRollout,
  nextStep,
  percentOf,
  promoteRollout,
  type Author,
  type RolloutInForce,
} from "./plan.js";

/** The policy that a verdict leads to; undefined for none. */
export function decide(
  service: string,
  policy: RolloutInForce,
  verdict: Verdict,
  author: Omit<Author, "reason">,
): RolloutInForce | undefined {
  const { rollout } = policy;
  const { to, step, steps } = rollout;
  if (verdict.kind === "wait" || verdict.kind === "over") return undefined;
  if (verdict.kind === "abort")
    return abortRollout(service, policy, { ...author, reason: `aborted: ${verdict.reason}` });
  if (step + 1 >= steps.length)
    return promoteRollout(service, policy, { ...author, reason: `promoted: ${verdict.reason}` });
  const percent = percentOf({ steps, step: step + 1 });
  const reason = `step ${step + 2} of ${steps.length}, ${percent} % to ${to}: ${verdict.reason}`;
  return nextStep(service, policy, { ...author, reason });
}
