import type { RolloutStore } from "@rollcall/core";
import { checkChanges } from "../policy-change.js";
import { rolloutReports } from "../report.js";
import { checkServiceName } from "../service-name.js";
import { Leaders } from "./leaders.js";
import { memoryReports } from "./memory-reports.js";
import type { Table } from "./table.js";

/** The rollouts of the services in a table, with the rules of etcd. */
export function memoryRollouts(table: Table): { readonly store: RolloutStore; close(): void } {
  const leaders = new Leaders();

  const check = (service: string, signal: AbortSignal): void => {
    checkServiceName(service);
    signal.throwIfAborted();
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
    ...memoryReports(rolloutReports),
  };
  return { store, close: () => leaders.close(new Error("registry is closed")) };
}
