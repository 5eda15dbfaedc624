import type { Author } from "@rollcall/app/rollout";
import type { PolicyChange, RolloutPolicy, StoredPolicy } from "@rollcall/core";
import type { CliEnv } from "../cli-env.js";
import { roughDuration } from "../duration.js";
import { ExitCode, ExitError } from "../exit-code.js";
import { policyDiff } from "../output/policy-diff.js";
import { toJson } from "../output/printable.js";
import type { Report } from "../output/report.js";
import type { RegistryAccess } from "../registry-access.js";
import { policyChanges } from "./policy-words.js";

/** What a command wants a service's policy to be. */
export interface PlannedChange {
  readonly service: string;
  /** Of the document as it was read. */
  readonly revision: number;
  readonly before: RolloutPolicy | undefined;
  readonly after: RolloutPolicy;
}

/** The policy that follows `before`, signed. */
export function nextPolicy(
  before: RolloutPolicy | undefined,
  { stable, rules, rollout }: Pick<RolloutPolicy, "stable" | "rules" | "rollout">,
  { by, reason = "", at }: Author,
): RolloutPolicy {
  return { gen: (before?.gen ?? 0) + 1, stable, rules, ...(rollout ? { rollout } : {}), by, reason, at };
}

/**
 * Writes all changes in one transaction, and reports them; with `dryRun` only reports them.
 * @throws ExitError `conflict` when somebody else changed one of the documents since it was read; it shows who
 */
export async function writePolicies(
  registry: RegistryAccess,
  changes: readonly PlannedChange[],
  { dryRun = false, report, env }: { dryRun?: boolean | undefined; report: Report; env: CliEnv },
): Promise<void> {
  const wanted = changes.filter(({ before, after }) => !saysTheSame(before, after));
  if (!dryRun && wanted.length > 0) await commit(registry, wanted, env);
  if (report.json) return report.out(toJson({ dryRun, services: changes.map(outcomeOf) }));
  for (const each of changes) {
    const { service, before, after } = each;
    if (!wanted.includes(each)) report.out(`${service}: nothing to change`);
    else if (dryRun) for (const line of policyDiff(service, before, after, report.paint)) report.out(line);
    else report.out(`${service}: ${policyChanges(before, after).join("; ")} (gen ${after.gen})`);
  }
  if (dryRun && wanted.length > 0) report.out(report.paint("dim", "dry run: nothing was written"));
}

function outcomeOf({ service, before, after }: PlannedChange): object {
  const changed = !saysTheSame(before, after);
  return {
    service,
    changed,
    changes: changed ? policyChanges(before, after) : [],
    before: before ?? null,
    after: changed ? after : before,
  };
}

/** Whether nothing but the signature differs. */
function saysTheSame(before: RolloutPolicy | undefined, after: RolloutPolicy): boolean {
  const content = ({ stable, rules, rollout }: RolloutPolicy): string =>
    JSON.stringify([stable, rules, rollout]);
  return before !== undefined && content(before) === content(after);
}

async function commit(
  registry: RegistryAccess,
  wanted: readonly PlannedChange[],
  { clock }: CliEnv,
): Promise<void> {
  const changes = wanted.map(({ service, revision, after }): PolicyChange => ({
    service,
    revision,
    policy: after,
  }));
  const result = await registry
    .ask((store, signal) => store.compareAndSet(changes, signal))
    .catch((error: unknown) => {
      if (!(error instanceof ExitError) || error.exitCode !== ExitCode.unreachable) throw error;
      const unsure = `${error.message}; the change may have been written: see rollcall log ${wanted[0]?.service}`;
      throw new ExitError(error.exitCode, unsure, { cause: error });
    });
  if (result.won) return;
  const winners = result.current.flatMap((stored) => {
    const mine = wanted.find(({ service }) => service === stored.service);
    return mine && mine.revision !== stored.revision ? [winnerText(mine, stored, clock.now())] : [];
  });
  const reason =
    winners.join("; ") ||
    `the policies of ${changes.map(({ service }) => service).join(", ")} changed meanwhile`;
  throw new ExitError(
    ExitCode.conflict,
    `lost the race: ${reason}; nothing was written, run the command again if it still makes sense`,
  );
}

function winnerText(
  { service, before }: PlannedChange,
  { policy, fault }: StoredPolicy,
  now: number,
): string {
  if (fault !== undefined) return `somebody put something into ${service} that is not a policy (${fault})`;
  if (!policy) return `somebody deleted the policy of ${service}`;
  const why = policy.reason ? `, "${policy.reason}"` : "";
  const what = policyChanges(before, policy).join(", ");
  return `${policy.by} changed ${service} ${roughDuration(now - policy.at)} ago (gen ${policy.gen}: ${what}${why})`;
}
