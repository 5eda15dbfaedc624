import { operatorName } from "./operator.js";
import { isSick } from "./sickness.js";
import type { SimulatedCanary } from "./canary.js";
import type { Run } from "../invariants.js";
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
    } else if (run.fleet.slots.some(({ process }) => remembers(process, registry.wipedMs))) {
      faults.push(`the policy of ${service} was lost, and nobody has put it back`);
    }
  }
  return faults;
}

/** The sick are aborted, the healthy promoted, unless an operator decided; and neither takes for ever. */
function verdictFault(canary: SimulatedCanary, run: Run): string | undefined {
  const { version, sick, outcome } = canary;
  if (!outcome || outcome.by === operatorName) return undefined;
  const words = `${version}, which is ${isSick(sick) ? "sick" : "healthy"},`;
  const { state, reason } = outcome;
  if (state === "promoted") return isSick(sick) ? `${words} was promoted: ${reason}` : undefined;
  if (state === "aborted")
    return isSick(sick) || harmed(version, run) ? undefined : `${words} was aborted: ${reason}`;
  return canary.overdue
    ? `the rollout of ${words} does not end: it is ${state} at ${outcome.percent} %`
    : undefined;
}

/** Whether calls to a version failed or were late for another reason than the version itself. */
function harmed(version: string, { env, fleet }: Run): boolean {
  const own = fleet.everySlot.filter(({ release }) => release.version === version);
  return (
    env.injected.length > 0 || own.some(({ killed, hung }) => killed.spans.length + hung.spans.length > 0)
  );
}

function remembers(
  process: { readonly state: string; readonly sinceMs: number } | undefined,
  wipedMs: number,
): boolean {
  return process?.state === "serving" && process.sinceMs < wipedMs;
}
