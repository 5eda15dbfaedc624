import { analyse, percentOf, type Analysis } from "@rollcall/app/rollout";
import type { Rollout, RolloutPolicy, StoredPolicy } from "@rollcall/core";
import type { RegistryAccess } from "../registry-access.js";

/** How the release of a service stands. */
export interface RolloutStatus {
  readonly service: string;
  readonly policy: RolloutPolicy | undefined;
  /** Why what is stored is not a policy. */
  readonly fault: string | undefined;
  /** Undefined for a service that has never had a rollout. */
  readonly release: Release | undefined;
}

/** A rollout, and what its callers have seen. */
export interface Release {
  readonly rollout: Rollout;
  readonly analysis: Analysis;
  /** The process that takes the steps; undefined for none. */
  readonly controller: string | undefined;
}

/** Reads how a service's rollout stands; `stored` saves a question that has been asked. */
export async function readStatus(
  registry: RegistryAccess,
  service: string,
  nowMs: number,
  known?: StoredPolicy,
): Promise<RolloutStatus> {
  const { policy, fault } = known ?? (await registry.ask((store, signal) => store.read(service, signal)));
  const rollout = policy?.rollout;
  if (!rollout) return { service, policy, fault, release: undefined };
  const [reports, controller] = await Promise.all([
    registry.ask((store, signal) => store.reports(service, signal)),
    registry.ask((store, signal) => store.leader(service, signal)),
  ]);
  const analysis = analyse(rollout, reports, nowMs);
  return { service, policy, fault, release: { rollout, analysis, controller } };
}

/** What a rollout waits for, in words; nothing once it has ended. */
export function waitsFor({ analysis, controller }: Release): readonly string[] {
  const { verdict } = analysis;
  if (verdict.kind === "over") return [];
  const own =
    verdict.kind === "wait"
      ? verdict.for.map(({ detail }) => detail)
      : [`the ${verdict.kind === "abort" ? "abort" : "next step"}, due now: ${verdict.reason}`];
  return controller === undefined ? ["a process that takes the steps", ...own] : own;
}

/** A status as scripts read it. */
export function statusJson({ service, policy, fault, release }: RolloutStatus, nowMs: number): object {
  const stable = policy?.stable ?? null;
  const problem = fault === undefined ? {} : { fault };
  if (!policy || !release) return { service, state: "none", stable, ...problem };
  const { rollout, analysis, controller } = release;
  return {
    service,
    ...rollout,
    stable,
    percent: percentOf(rollout),
    canary: analysis.canary,
    baseline: analysis.baseline,
    callers: analysis.callers,
    verdict: analysis.verdict,
    waitsFor: waitsFor(release),
    controller: controller ?? null,
    ageMs: nowMs - rollout.startedAt,
    gen: policy.gen,
    by: policy.by,
    reason: policy.reason,
    at: policy.at,
  };
}
