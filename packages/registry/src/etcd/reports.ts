import { mostReporters, type CallerReport } from "@rollcall/core";
import type { RejectionLog } from "../rejection-log.js";
import { decodeReport } from "../report.js";
import { reportPrefix, under } from "./keys.js";
import { persist } from "./persist.js";
import type { RolloutOptions } from "./rollout-options.js";

/** The reports on a service, those of the callers with the lowest ids; damaged ones are left out with a warning. */
export async function readReports(
  service: string,
  options: RolloutOptions,
  rejected: RejectionLog,
  signal: AbortSignal,
): Promise<readonly CallerReport[]> {
  const prefix = reportPrefix(options.keyPrefix, service);
  const { key, end } = under(prefix);
  const request = { key, ...(end ? { range_end: end } : {}), limit: mostReporters };
  const { kvs } = await persist(
    `reading ${prefix}`,
    () => options.kv.call(({ kv }) => kv.range(request)),
    options,
    signal,
  );
  return kvs.flatMap(({ key: found, value }) => {
    const name = found.toString();
    const decoded = decodeReport(name.slice(prefix.length), value);
    if ("report" in decoded) return [decoded.report];
    rejected(name, value, decoded.rejected);
    return [];
  });
}
