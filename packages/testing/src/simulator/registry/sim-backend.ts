import {
  type Feed,
  type ListedInstance,
  type Registration,
  type RegistryBackend,
  type ServiceInstance,
  type Snapshot,
} from "@rollcall/core";
import { RegistryLine } from "./line.js";
import type { RegistryClient, RegistryServer } from "./server.js";
import { SimFeeds } from "./sim-feeds.js";
import { SimRegistration } from "./sim-registration.js";
import { SimRollouts } from "./sim-rollouts.js";
import { SimSession } from "./sim-session.js";

/** The registry as one process uses it. */
export class SimBackend implements RegistryBackend {
  readonly description = "simulated";
  /** Of the process, once it has registered. */
  incarnation: string | undefined;
  registration: Registration | undefined;
  readonly rollouts: SimRollouts;
  readonly feeds: SimFeeds;
  readonly #line: RegistryLine;
  readonly #session: SimSession;
  readonly #closed = new AbortController();

  constructor(registry: RegistryServer, process: RegistryClient) {
    this.#line = new RegistryLine(registry, process);
    this.#session = new SimSession(this.#line, this.#closed.signal);
    this.feeds = new SimFeeds(this.#line);
    this.rollouts = new SimRollouts(this.#line, this.#session);
  }

  ready(signal: AbortSignal): Promise<void> {
    return this.#line.call(() => {}, signal);
  }

  register(all: readonly ServiceInstance[], signal: AbortSignal): Registration {
    this.incarnation = all[0]?.incarnation;
    const registration = new SimRegistration(this.#line, all, signal);
    this.#closed.signal.addEventListener("abort", () => registration.end(), { once: true });
    return (this.registration = registration);
  }

  async list(service: string | undefined, signal: AbortSignal): Promise<readonly ListedInstance[]> {
    const { registry } = this.#line;
    const found = await this.#line.call(
      () => registry.instances.filter((each) => service === undefined || each.service === service),
      signal,
    );
    return found.map((instance) => ({ instance, leaseLeftMs: registry.leaseLeftMs(instance) }));
  }

  open(service: string): Feed<Snapshot> & AsyncDisposable {
    return this.feeds.open(service);
  }

  /** Ends watches, registrations and leaderships; what is in the registry stays until its lease ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error("registry is closed"));
    this.feeds.close();
  }
}
