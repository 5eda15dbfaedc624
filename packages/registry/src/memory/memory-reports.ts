import { ConfigError, mostReporters } from "@rollcall/core";
import type { ReportFormat, Reports } from "../report-format.js";
import { checkServiceName } from "../service-name.js";

/** Reports of one kind in this process, with the rules of etcd. */
export function memoryReports<R extends { readonly caller: string }>(format: ReportFormat<R>): Reports<R> {
  const services = new Map<string, Map<string, R>>();

  const reportsOn = (service: string, signal: AbortSignal): Map<string, R> => {
    checkServiceName(service);
    signal.throwIfAborted();
    const known = services.get(service) ?? new Map<string, R>();
    services.set(service, known);
    return known;
  };
  return {
    async report(service, report, signal) {
      const known = reportsOn(service, signal);
      const fault = format.faultOf(report);
      if (fault !== undefined) throw new ConfigError(`cannot report on ${service}: ${fault}`);
      const before = [...known.keys()].filter((caller) => caller < report.caller).length;
      if (before >= mostReporters) known.delete(report.caller);
      else known.set(report.caller, copyOf(report, format));
      return before < mostReporters;
    },
    async withdraw(service, caller, signal) {
      reportsOn(service, signal).delete(caller);
    },
    async reports(service, signal) {
      const known = [...reportsOn(service, signal)].toSorted(([a], [b]) => (a < b ? -1 : 1));
      return known.slice(0, mostReporters).map(([, report]) => report);
    },
  };
}

function copyOf<R extends { readonly caller: string }>(report: R, format: ReportFormat<R>): R {
  const decoded = format.decode(report.caller, Buffer.from(format.encode(report)));
  if ("rejected" in decoded) throw new Error(`report cannot be read back: it ${decoded.rejected}`);
  return decoded.report;
}
