import type { Rollout, RolloutPolicy } from "@rollcall/core";
import { isActive, percentOf } from "@rollcall/app/rollout";
import type { PolicyWrite } from "../registry/policy-desk.js";
import { operatorName } from "./operator.js";

/** What is wrong with the policies that were written: each is one step from the one before, by who may take it. */
export function policyFaults(writes: readonly PolicyWrite[]): readonly string[] {
  return writes.flatMap((write, index) => {
    const earlier = writes.slice(0, index).filter(({ service }) => service === write.service);
    const wrong = [...authorFaults(write), ...changeFaults(write, earlier), ...contentFaults(write.policy)];
    return wrong.map(
      (fault) => `policy ${write.policy.gen} of ${write.service} by ${write.process}: ${fault}`,
    );
  });
}

/** Who is not an operator has to be in charge; what was lost may be put back by whoever knows it. */
function authorFaults({ process, controller, before }: PolicyWrite): readonly string[] {
  if (process === operatorName || !before || controller === process) return [];
  return [`written while ${controller ?? "nobody"} was the controller`];
}

function changeFaults({ policy, before, process }: PolicyWrite, earlier: readonly PolicyWrite[]): string[] {
  if (!before) {
    const isRestored = earlier.some(({ policy: known }) => isCopy(known, policy));
    return isRestored || process === operatorName
      ? []
      : ["neither begins anything nor restores what there was"];
  }
  const faults: string[] = [];
  if (policy.gen !== before.gen + 1) faults.push(`follows ${before.gen}`);
  const [from, to] = [before.rollout, policy.rollout];
  if (from?.id !== to?.id) {
    if (isActive(from)) faults.push(`replaces the rollout to ${from.to}, which is ${from.state}`);
    if (to && (to.step !== 0 || to.state !== "running")) faults.push("begins a rollout in the middle");
  } else if (from && to && !isStep(from, to)) {
    faults.push(`goes from step ${from.step}, ${from.state}, to step ${to.step}, ${to.state}`);
  }
  return faults;
}

function isStep(from: Rollout, to: Rollout): boolean {
  const move = `${from.state} to ${to.state}`;
  if (move === "running to running") return to.step === from.step + 1;
  const moves = ["running to paused", "paused to running", "running to promoted", "running to aborted"];
  return to.step === from.step && [...moves, "paused to promoted", "paused to aborted"].includes(move);
}

function contentFaults({ rollout, rules, stable }: RolloutPolicy): readonly string[] {
  if (!rollout) return [];
  const own = rules.filter(({ to, headers }) => to.version === rollout.to && headers === undefined);
  const percents = own.map(({ percent }) => percent).join();
  switch (rollout.state) {
    case "promoted":
      return stable === rollout.to && own.length === 0 ? [] : [`promoted, but ${stable} is stable`];
    case "aborted":
      return percents === "0" ? [] : [`aborted, but ${rollout.to} keeps ${percents || "no"} %`];
    default:
      return percents === `${percentOf(rollout)}`
        ? []
        : [`at ${percentOf(rollout)} %, but has ${percents} %`];
  }
}

/** Whether a policy is a known one that was put back. */
function isCopy(known: RolloutPolicy, policy: RolloutPolicy): boolean {
  const content = ({ stable, rules, rollout }: RolloutPolicy): string =>
    JSON.stringify([stable, rules, rollout]);
  return policy.gen === known.gen + 1 && content(policy) === content(known);
}
