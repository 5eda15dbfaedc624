import { ConfigError, mostReporters } from "@rollcall/core";
import { createRejectionLog } from "../rejection-log.js";
import type { ReportFormat, Reports } from "../report-format.js";
import { checkServiceName } from "../service-name.js";
import { under } from "./keys.js";
import { persist } from "./persist.js";
import { Reporter } from "./reporter.js";
import type { RolloutOptions } from "./rollout-options.js";

/**
 * Reports of one kind in etcd: one key per service and caller, on the lease of the process; damaged ones are
 * left out with a warning.
 * @param prefixOf where the reports on a service stand
 */
export function etcdReports<R extends { readonly caller: string }>(
  format: ReportFormat<R>,
  prefixOf: (keyPrefix: string, service: string) => string,
  options: RolloutOptions,
): Reports<R> {
  const { keyPrefix, kv, session, logger } = options;
  const rejected = createRejectionLog(logger, "etcd report is ignored");
  const reporters = new Map<string, Reporter>();

  const check = (service: string, signal: AbortSignal): string => {
    checkServiceName(service);
    signal.throwIfAborted();
    session.closed.throwIfAborted();
    return prefixOf(keyPrefix, service);
  };
  const reporterOf = (prefix: string, caller: string): Reporter => {
    const known = reporters.get(prefix + caller) ?? new Reporter(prefix, caller, options);
    reporters.set(prefix + caller, known);
    return known;
  };
  return {
    async report(service, report, signal) {
      const prefix = check(service, signal);
      const fault = format.faultOf(report);
      if (fault !== undefined) throw new ConfigError(`cannot report at ${prefix}${report.caller}: ${fault}`);
      return reporterOf(prefix, report.caller).report(format.encode(report), signal);
    },
    async withdraw(service, caller, signal) {
      await reporterOf(check(service, signal), caller).withdraw(signal);
    },
    async reports(service, signal) {
      const prefix = check(service, signal);
      const { key, end } = under(prefix);
      const request = { key, ...(end ? { range_end: end } : {}), limit: mostReporters };
      const { kvs } = await persist(
        `reading ${prefix}`,
        () => kv.call(({ kv }) => kv.range(request)),
        options,
        signal,
      );
      return kvs.flatMap(({ key: found, value }) => {
        const name = found.toString();
        const decoded = format.decode(name.slice(prefix.length), value);
        if ("report" in decoded) return [decoded.report];
        rejected(name, value, decoded.rejected);
        return [];
      });
    },
  };
}
