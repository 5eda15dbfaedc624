import type { Dropped, Receipt } from "@rollcall/testing/fleet";
import { roughDuration } from "../duration.js";
import type { SkippedStep } from "./run-steps.js";
import type { Timeline } from "./timeline.js";

/** The first calls and streams that were dropped, and what the drill had just done. */
export interface ExplainedDrop extends Dropped {
  /** `after` the last thing done, in words: `214 ms after drill-1 got SIGKILL`. */
  readonly after?: string | undefined;
}

/** All that a drill found. */
export interface DrillReport {
  readonly registry: "etcd" | "embedded";
  /** As `--call` and `--stream` take them. */
  readonly calls: readonly string[];
  readonly streams: readonly string[];
  readonly instances: number;
  readonly receipt: Receipt;
  readonly firstDropped: readonly ExplainedDrop[];
  /** What went wrong besides dropped calls. */
  readonly problems: readonly string[];
  readonly skipped: readonly SkippedStep[];
  /** A folder with one log per instance. */
  readonly logs: string;
}

/** Calls of an open loop that come late say that this machine is too slow for the rate, not that the service is. */
const leastMade = 0.98;

/** What there is to fail a drill for besides dropped calls. */
export function problemsOf(
  receipt: Receipt,
  { found, callsDue }: { readonly found: readonly string[]; readonly callsDue: number },
): readonly string[] {
  const problems = [...found];
  const { calls, streams } = receipt;
  if (streams.dropped > 0) problems.push(`${streams.dropped} streams were dropped`);
  if (calls < leastMade * callsDue)
    problems.push(
      `only ${calls} of ${Math.round(callsDue)} calls were made in time; lower --rps, this machine is too slow for it`,
    );
  return problems;
}

/** Adds to each what was done last to its instance before it failed. */
export function explain(dropped: readonly Dropped[], timeline: Timeline): readonly ExplainedDrop[] {
  return dropped.map((each) => {
    const event = timeline.lastBefore(each.atMs, each.instance);
    if (!event) return each;
    const what = event.instance === undefined ? event.what : `${event.instance}: ${event.what}`;
    return { ...each, after: `${roughDuration(each.atMs - event.atMs)} after ${what}` };
  });
}

/** Whether the drill is a proof that nothing was dropped. */
export function passed({ receipt, problems }: Pick<DrillReport, "receipt" | "problems">): boolean {
  return receipt.dropped === 0 && problems.length === 0;
}
