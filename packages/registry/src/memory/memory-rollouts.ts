import { ConfigError, mostReporters, type CallerReport, type RolloutStore } from "@rollcall/core";
import { checkChanges } from "../policy-change.js";
import { decodeReport, encodeReport, reportFault } from "../report.js";
import { checkServiceName } from "../service-name.js";
import { Leaders } from "./leaders.js";
import type { Table } from "./table.js";

/** The rollouts of the services in a table, with the rules of etcd. */
export function memoryRollouts(table: Table): { readonly store: RolloutStore; close(): void } {
  const leaders = new Leaders();
  const reports = new Map<string, Map<string, CallerReport>>();

  const check = (service: string, signal: AbortSignal): void => {
    checkServiceName(service);
    signal.throwIfAborted();
  };
  const reportsOn = (service: string): Map<string, CallerReport> => {
    const known = reports.get(service) ?? new Map<string, CallerReport>();
    reports.set(service, known);
    return known;
  };
  const store: RolloutStore = {
    async read(service, signal) {
      check(service, signal);
      return table.policies.stored(service);
    },
    async compareAndSet(changes, signal, leadership) {
      checkChanges(changes);
      signal.throwIfAborted();
      const isAllowed = leadership === undefined || leaders.holds(leadership);
      const current = changes.map(({ service }) => table.policies.stored(service));
      const isSame = changes.every(({ revision }, index) => current[index]?.revision === revision);
      if (!isSame || !isAllowed) return { won: false, current };
      table.putPolicies(changes);
      return { won: true };
    },
    async history(service, signal) {
      check(service, signal);
      return table.policies.history(service);
    },
    async campaign(service, candidate, signal) {
      check(service, signal);
      return leaders.campaign(service, candidate, signal);
    },
    async leader(service, signal) {
      check(service, signal);
      return leaders.candidate(service);
    },
    async report(service, report, signal) {
      check(service, signal);
      const fault = reportFault(report);
      if (fault !== undefined) throw new ConfigError(`cannot report on ${service}: ${fault}`);
      const known = reportsOn(service);
      const before = [...known.keys()].filter((caller) => caller < report.caller).length;
      if (before >= mostReporters) known.delete(report.caller);
      else known.set(report.caller, copyOf(report));
      return before < mostReporters;
    },
    async withdraw(service, caller, signal) {
      check(service, signal);
      reportsOn(service).delete(caller);
    },
    async reports(service, signal) {
      check(service, signal);
      const known = [...reportsOn(service)].toSorted(([a], [b]) => (a < b ? -1 : 1));
      return known.slice(0, mostReporters).map(([, report]) => report);
    },
  };
  return { store, close: () => leaders.close(new Error("registry is closed")) };
}

function copyOf(report: CallerReport): CallerReport {
  const decoded = decodeReport(report.caller, Buffer.from(encodeReport(report)));
  if ("rejected" in decoded) throw new Error(`report cannot be read back: it ${decoded.rejected}`);
  return decoded.report;
}
