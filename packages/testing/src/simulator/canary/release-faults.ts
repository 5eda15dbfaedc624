import { operatorName } from "./operator.js";
import { isSick } from "./sickness.js";
import type { SimulatedCanary } from "./canary.js";
import type { Run } from "../run.js";
import type { Slot } from "../slot.js";
import { policyFaults } from "./policy-rules.js";

/** What is wrong with the rollouts of a run that has come to rest: how they went, how they ended, who knows of it. */
export function releaseFaults(run: Run): readonly string[] {
  const { registry } = run.env;
  const faults = [...policyFaults(registry.policies.writes)];
  for (const canary of run.fleet.canaries) {
    const fault = verdictFault(canary, run);
    if (fault !== undefined) faults.push(fault);
  }
  for (const service of new Set(registry.policies.writes.map((write) => write.service))) {
    const policy = registry.policies.policy(service);
    if (policy) {
      for (const { name, known } of run.callers) {
        const gen = known(service)?.gen;
        if (gen !== undefined && gen !== policy.gen)
          faults.push(`${name} goes by policy ${gen} of ${service}; the registry has ${policy.gen}`);
      }
    } else if (
      run.fleet.slots.some(({ process }) => process?.state === "serving" && process.known(service))
    ) {
      faults.push(`the policy of ${service} was lost, and nobody has put it back`);
    }
  }
  return faults;
}

/** The sick are aborted, the healthy promoted, unless an operator decided; and neither takes for ever. */
function verdictFault(canary: SimulatedCanary, run: Run): string | undefined {
  const { version, sick, outcome } = canary;
  if (!outcome) return undefined;
  const { state, reason, percent, by } = outcome;
  const words = `${version}, which is ${isSick(sick) ? "sick" : "healthy"},`;
  if (canary.isActive)
    return canary.overdue && !isUndecided(canary, run)
      ? `the rollout of ${words} does not end: ${state} at ${percent} %`
      : undefined;
  if (by === operatorName) return undefined;
  if (state === "promoted")
    return isSick(sick) && !isHidden(canary, run) ? `${words} was promoted: ${reason}` : undefined;
  const isExcused = isSick(sick) || wasHarmed(run, ({ release }) => release.version === version);
  return isExcused ? undefined : `${words} was aborted: ${reason}`;
}

/**
 * A version that fails about as often as the most that is forgiven, beside one that fails too: to tell them apart takes
 * hundreds of calls, and the breakers of both let few through.
 */
function isUndecided({ sick: { failureRate = 0 }, from }: SimulatedCanary, run: Run): boolean {
  if (failureRate === 0 || failureRate === 1) return false;
  return run.fleet.canaries.some(({ version, sick }) => version === from && sick.failureRate);
}

/** A version that is only slow does not look it beside one that is, too, or whose instances hung. */
function isHidden({ sick, version, from }: SimulatedCanary, run: Run): boolean {
  if (sick.failureRate) return false;
  const isBaselineSick = run.fleet.canaries.some((other) => other.version === from && isSick(other.sick));
  return isBaselineSick || wasHarmed(run, ({ release }) => release.version !== version);
}

/** Whether calls to some instances failed or were late for another reason than their version. */
function wasHarmed({ env, fleet }: Run, chosen: (slot: Slot) => boolean): boolean {
  const spans = fleet.everySlot
    .filter(chosen)
    .flatMap(({ killed, hung }) => [...killed.spans, ...hung.spans]);
  return env.injected.length > 0 || spans.length > 0;
}
