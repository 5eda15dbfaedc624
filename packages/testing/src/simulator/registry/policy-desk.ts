import type {
  CallerReport,
  CompareAndSet,
  Leadership,
  PolicyChange,
  RegistryBackend,
  RolloutPolicy,
  RolloutStore,
} from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";

/** A policy that was written, as the registry knows it. */
export interface PolicyWrite {
  readonly atMs: number;
  readonly service: string;
  readonly policy: RolloutPolicy;
  /** What it replaced; undefined for none. */
  readonly before: RolloutPolicy | undefined;
  /** The process that wrote. */
  readonly process: string;
  /** The process that controlled the service when it was written. */
  readonly controller: string | undefined;
  /** How often the registry had lost everything by then. */
  readonly wipes: number;
}

/** The memory registry answers at once. */
const unending = new AbortController().signal;

interface Controller {
  readonly process: string;
  readonly lease: number;
  readonly leadership: Leadership;
}

/** What it needs of the registry that it is a part of. */
export interface PolicyDeskEnv {
  now(): number;
  hasLease(lease: number): boolean;
  /** Tells watchers of new policies, written at once. */
  changed(writes: readonly PolicyWrite[]): void;
}

/**
 * The server's side of rollouts: a memory registry's, so that policies are checked, compared and kept by the same rules;
 * here leaderships and reports are on leases, and all of it can be lost.
 */
export class PolicyDesk {
  /** Every policy that was written, in order. */
  readonly writes: PolicyWrite[] = [];
  /** How often everything was lost. */
  wipes = 0;
  readonly #env: PolicyDeskEnv;
  readonly #followers = new Set<() => void>();
  readonly #controllers = new Map<string, Controller>();
  /** What ends with each lease. */
  readonly #onLease = new Map<number, Map<string, () => void>>();
  #memory: RegistryBackend = memoryRegistry();
  #policies = new Map<string, RolloutPolicy>();

  constructor(env: PolicyDeskEnv) {
    this.#env = env;
  }

  /** For what needs nothing but the memory registry: reading. */
  get store(): RolloutStore {
    const { rollouts } = this.#memory;
    if (!rollouts) throw new Error("the memory registry keeps no policies");
    return rollouts;
  }

  /** What is in force. */
  policy(service: string): RolloutPolicy | undefined {
    return this.#policies.get(service);
  }

  /** The process that controls the service. */
  controller(service: string): string | undefined {
    return this.#controllers.get(service)?.process;
  }

  /** @param leadership as `campaign` returned it */
  async compareAndSet(
    process: string,
    changes: readonly PolicyChange[],
    leadership: Leadership | undefined,
  ): Promise<CompareAndSet> {
    const { store } = this;
    const controllers = changes.map(({ service }) => this.controller(service));
    const done = await store.compareAndSet(changes, unending, leadership);
    if (!done.won) return done;
    const writes: PolicyWrite[] = [];
    for (const [index, { service }] of changes.entries()) {
      const before = this.#policies.get(service);
      const { policy } = await store.read(service, unending);
      if (!policy) continue;
      this.#policies.set(service, policy);
      const atMs = this.#env.now();
      const controller = controllers[index];
      writes.push({ atMs, service, policy, before, process, controller, wipes: this.wipes });
    }
    this.writes.push(...writes);
    this.#env.changed(writes);
    for (const written of this.#followers) written();
    return done;
  }

  /** Calls `written` after each change; returns the end of that. */
  follow(written: () => void): () => void {
    this.#followers.add(written);
    return () => void this.#followers.delete(written);
  }

  /** Undefined when the lease has ended, before or while it waited. Rejects with the signal's reason. */
  async campaign(
    request: { readonly process: string; readonly service: string; readonly candidate: string },
    lease: number,
    signal: AbortSignal,
  ): Promise<Leadership | undefined> {
    const { process, service, candidate } = request;
    const until = new AbortController();
    const release = this.#tie(lease, `campaign for ${service}`, () =>
      until.abort(new Error("the lease has ended")),
    );
    if (!release) return undefined;
    const aborted = (): void => until.abort(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    try {
      const leadership = await this.store.campaign(service, candidate, until.signal);
      if (until.signal.aborted) void leadership.resign();
      until.signal.throwIfAborted();
      this.#controllers.set(service, { process, lease, leadership });
      this.#tie(lease, `controller of ${service}`, () => void this.resign(service, leadership));
      return leadership;
    } catch (error) {
      if (signal.aborted || !until.signal.aborted) throw error;
      return undefined;
    } finally {
      release();
      signal.removeEventListener("abort", aborted);
    }
  }

  /** Does nothing to a leadership that has ended. */
  async resign(service: string, leadership: Leadership): Promise<void> {
    if (this.#controllers.get(service)?.leadership === leadership) this.#controllers.delete(service);
    await leadership.resign();
  }

  /** Undefined when the lease has ended. */
  async report(service: string, report: CallerReport, lease: number): Promise<boolean | undefined> {
    if (!this.#env.hasLease(lease)) return undefined;
    const { store } = this;
    const kept = await store.report(service, report, unending);
    if (kept)
      this.#tie(
        lease,
        `report on ${service} of ${report.caller}`,
        () => void store.withdraw(service, report.caller, unending),
      );
    return kept;
  }

  /** To be called when a lease has ended: so has all that is on it. */
  leaseEnded(lease: number): void {
    const all = this.#onLease.get(lease);
    this.#onLease.delete(lease);
    for (const end of all?.values() ?? []) end();
  }

  /** Loses everything. */
  wipe(): void {
    this.wipes++;
    for (const lease of this.#onLease.keys()) this.leaseEnded(lease);
    this.#controllers.clear();
    this.#policies = new Map();
    void this.#memory[Symbol.asyncDispose]();
    this.#memory = memoryRegistry();
  }

  /** Returns what unties it; undefined when there is no such lease. */
  #tie(lease: number, name: string, end: () => void): (() => void) | undefined {
    if (!this.#env.hasLease(lease)) return undefined;
    const all = this.#onLease.get(lease) ?? new Map<string, () => void>();
    this.#onLease.set(lease, all.set(name, end));
    return () => void (all.get(name) === end && all.delete(name));
  }
}
