import type { RegistryClient, RegistryServer } from "./server.js";

/** After an outage, or a request that was lost, clients try again within this time, as their backoff has it. */
const comebackMs = 300;

/** One process's way to the registry: everything takes time, waits while the registry is down, and may be lost on the way. */
export class RegistryLine {
  readonly process: RegistryClient;
  readonly registry: RegistryServer;

  constructor(registry: RegistryServer, process: RegistryClient) {
    this.registry = registry;
    this.process = process;
  }

  /**
   * Runs an operation at the registry, again until an answer arrives: an answer that is lost says nothing about whether the
   * operation ran. Rejects with the signal's reason, and then it may have run, too, or with what the operation throws.
   */
  async call<T>(operation: () => T | Promise<T>, signal: AbortSignal): Promise<T> {
    const { registry, process } = this;
    for (;;) {
      if (await this.#arrives(signal)) {
        while (!registry.up) {
          await registry.reachable(signal);
          await process.clock.sleep(process.random() * comebackMs, signal);
        }
        const result = await operation();
        if ((await this.#arrives(signal)) && registry.up) return result;
      }
      await process.clock.sleep(process.random() * comebackMs, signal);
    }
  }

  /** One way; false when it was lost. */
  async #arrives(signal: AbortSignal): Promise<boolean> {
    const { registry, process } = this;
    const { lost, slowMs } = registry.disturbance;
    const extraMs = slowMs > 0 ? process.random() * slowMs : 0;
    await process.clock.sleep(registry.latencyMs / 2 + extraMs, signal);
    return lost === 0 || process.random() >= lost;
  }
}
