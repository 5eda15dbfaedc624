import type { RegistryBackend } from "@rollcall/core";
import { breakerReports } from "../breaker-report.js";
import { createSharedFeeds } from "../shared-feeds.js";
import { memoryReports } from "./memory-reports.js";
import { memoryRollouts } from "./memory-rollouts.js";
import { Table } from "./table.js";

/**
 * A registry inside this process, to be shared by the apps that run in it. It has the rules of etcd: a newer incarnation
 * takes an address over, an older one waits; of two who change a policy at once, one wins. Changes are published at once.
 */
export function memoryRegistry(): RegistryBackend {
  const table = new Table();
  const rollouts = memoryRollouts(table);
  const registry = registryOver("memory", table);
  return {
    ...registry,
    rollouts: rollouts.store,
    breakers: memoryReports(breakerReports),
    async [Symbol.asyncDispose]() {
      rollouts.close();
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** A registry over a table, without rollouts and reports. */
export function registryOver(description: string, table: Table): RegistryBackend {
  const feeds = createSharedFeeds((service, feed) => table.follow(service, feed));
  return {
    description,
    ready: async (signal) => signal.throwIfAborted(),
    register: (all, signal) => table.register(all, signal),
    open: (service) => feeds.open(service),
    async list(service, signal) {
      signal.throwIfAborted();
      return table.list(service).map((instance) => ({ instance, leaseLeftMs: undefined }));
    },
    [Symbol.asyncDispose]: () => feeds.close(),
  };
}
