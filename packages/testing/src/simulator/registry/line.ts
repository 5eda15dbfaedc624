import type { RegistryClient, RegistryServer } from "./server.js";

/** After an outage clients come back within this time, as their backoff has it. */
const comebackMs = 300;

/** One process's way to the registry: everything takes time, and waits while the registry is down. */
export class RegistryLine {
  readonly process: RegistryClient;
  readonly registry: RegistryServer;

  constructor(registry: RegistryServer, process: RegistryClient) {
    this.registry = registry;
    this.process = process;
  }

  /** Runs an operation at the registry. Rejects with the signal's reason; the operation may have run by then. */
  async call<T>(operation: () => T, signal: AbortSignal): Promise<T> {
    const { registry, process } = this;
    const oneWayMs = registry.latencyMs / 2;
    await process.clock.sleep(oneWayMs, signal);
    while (!registry.up) {
      await registry.reachable(signal);
      await process.clock.sleep(process.random() * comebackMs, signal);
    }
    const result = operation();
    await process.clock.sleep(oneWayMs, signal);
    return result;
  }
}
