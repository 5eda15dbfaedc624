import type { BreakerReport, ReportedBreaker } from "@rollcall/core";

/** A caller whose breaker is not closed. */
export interface BreakerCaller extends Omit<ReportedBreaker, "method" | "subset"> {
  readonly caller: string;
  /** Empty for a client without an app. */
  readonly app: string;
}

/** The breakers for one method and subset of a service that are not closed, in all callers that report. */
export interface ServiceBreaker {
  readonly method: string;
  readonly subset: string;
  /** `open` when any of them is. */
  readonly state: "open" | "half-open";
  /** The earliest. */
  readonly since: number;
  /** Those that have it longest first. */
  readonly callers: readonly BreakerCaller[];
}

/** The breakers of callers, by method and subset. */
export function serviceBreakers(reports: readonly BreakerReport[]): readonly ServiceBreaker[] {
  const all = reports.flatMap(({ caller, app, breakers }) =>
    breakers.map((breaker) => ({ ...breaker, caller, app })),
  );
  const groups = Map.groupBy(all, ({ method, subset }) => JSON.stringify([method, subset]));
  return [...groups.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => {
      const sorted = group.toSorted((a, b) => a.since - b.since);
      const { method, subset, since } = sorted[0]!;
      const state = sorted.some((each) => each.state === "open") ? "open" : "half-open";
      const callers = sorted.map(({ caller, app, state: own, since: from, calls, failures }) => ({
        caller,
        app,
        state: own,
        since: from,
        calls,
        failures,
      }));
      return { method, subset, state, since, callers };
    });
}
