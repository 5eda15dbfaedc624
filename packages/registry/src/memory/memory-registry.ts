import type { RegistryBackend, ServiceInstance } from "@rollcall/core";
import { createSharedFeeds } from "../shared-feeds.js";
import { Table } from "./table.js";

/**
 * A registry inside this process, to be shared by the apps that run in it. It has the rules of etcd: a newer incarnation
 * takes an address over, an older one waits. Changes are published at once.
 */
export function memoryRegistry(): RegistryBackend {
  return registryOver("memory", []);
}

/** A registry over a table that starts with `initial`. */
export function registryOver(description: string, initial: readonly ServiceInstance[]): RegistryBackend {
  const table = new Table(initial);
  const feeds = createSharedFeeds((service, feed) => table.follow(service, feed));
  return {
    description,
    ready: async (signal) => signal.throwIfAborted(),
    register: (all, signal) => table.register(all, signal),
    open: (service) => feeds.open(service),
    [Symbol.asyncDispose]: () => feeds.close(),
  };
}
