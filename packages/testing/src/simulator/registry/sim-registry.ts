import type { Clock, ServiceInstance, Snapshot } from "@rollcall/core";
import type { EventLog } from "../event-log.js";
import { Timeline } from "../timeline.js";
import { byId, isNewer, keyOf, type Change, type Held } from "./records.js";
import { Leases } from "./leases.js";
import { PolicyDesk, type PolicyWrite } from "./policy-desk.js";
import type { Disturbance, RegistryClient, RegistryServer, Watcher } from "./server.js";
import { SimBackend } from "./sim-backend.js";

export interface SimRegistryOptions {
  readonly clock: Clock;
  readonly log: EventLog;
  /** Default 5 000. */
  readonly ttlMs?: number | undefined;
  /** Of one operation, there and back, and of a watch event on its way. Default 2. */
  readonly latencyMs?: number | undefined;
  /** What a watch publishes when it is back in step; a seam to plant a bug in. Default: what it has read. */
  readonly afterReset?: ((before: Snapshot | undefined, read: Snapshot) => Snapshot) | undefined;
}

const undisturbed: Disturbance = { lost: 0, slowMs: 0 };

/**
 * A registry with the rules of etcd (revisions, leases with a time to live, transactions, watches), and its faults, on a
 * clock. The processes of a simulation share it; each has a `backend` of its own.
 */
export class SimRegistry implements RegistryServer {
  readonly ttlMs: number;
  readonly latencyMs: number;
  readonly afterReset: NonNullable<SimRegistryOptions["afterReset"]>;
  /** When it was down. */
  readonly outages: Timeline = new Timeline();
  /** When messages to and from it were lost or late. */
  readonly disturbances: Timeline = new Timeline();
  readonly policies: PolicyDesk;
  /** When it showed an instance as up, by id. */
  readonly shown: Map<string, Timeline> = new Map<string, Timeline>();
  /** When it last lost records without their process's doing; -Infinity when it never did. */
  lostMs: number = -Infinity;
  /** The longest that watches have lagged so far. */
  longestLagMs = 0;
  readonly #clock: Clock;
  readonly #log: EventLog;
  readonly #records = new Map<string, Held>();
  readonly #leases: Leases;
  readonly #watchers = new Set<Watcher>();
  readonly #waiting = new Set<() => void>();
  readonly #timers = new Set<() => void>();
  #revision = 1;
  #outageUntilMs = 0;
  #lagMs = 0;
  #lagUntilMs = 0;
  #disturbance = undisturbed;
  #disturbedUntilMs = 0;
  #faultUntilMs = 0;

  constructor(options: SimRegistryOptions) {
    const { clock, log, ttlMs = 5_000, latencyMs = 2 } = options;
    this.#clock = clock;
    this.#log = log;
    this.ttlMs = ttlMs;
    this.latencyMs = latencyMs;
    this.afterReset = options.afterReset ?? ((_, read) => read);
    this.#leases = new Leases({
      clock,
      ttlMs,
      isUp: () => this.up,
      ranOut: (process) => log.add("registry", `lease of ${process} ran out`),
      ended: (lease) => this.#leaseEnded(lease),
    });
    this.policies = new PolicyDesk({
      now: () => clock.now(),
      hasLease: (lease) => this.#leases.has(lease),
      changed: (writes) => this.#policiesChanged(writes),
    });
  }

  /** The registry as one process sees it. */
  backend(process: RegistryClient): SimBackend {
    return new SimBackend(this, process);
  }

  /** What it holds now, sorted by key. */
  get instances(): readonly ServiceInstance[] {
    return [...this.#records.values()]
      .map(({ instance }) => instance)
      .toSorted((a, b) => (a.service === b.service ? byId(a, b) : a.service < b.service ? -1 : 1));
  }

  /** Whether it answers. */
  get up(): boolean {
    return this.#clock.now() >= this.#outageUntilMs;
  }

  /** Whether it was down, or hard to reach, at any time since. */
  wasDown(sinceMs: number): boolean {
    return this.outages.overlaps(sinceMs, Infinity) || this.disturbances.overlaps(sinceMs, Infinity);
  }

  get disturbance(): Disturbance {
    return this.#clock.now() < this.#disturbedUntilMs ? this.#disturbance : undisturbed;
  }

  /** When the last fault that was asked for is over. */
  get faultUntilMs(): number {
    return this.#faultUntilMs;
  }

  /** How long watch events are held back now. */
  get lagNowMs(): number {
    return this.#clock.now() < this.#lagUntilMs ? this.#lagMs : 0;
  }

  /** Answers nobody for `ms`. When it is back leases have their whole time again, as after etcd's restart. */
  outage(ms: number): void {
    this.#log.add("registry", `down for ${ms} ms`);
    this.#leases.suspend();
    this.outages.begin(this.#clock.now());
    this.#outageUntilMs = Math.max(this.#outageUntilMs, this.#clock.now() + ms);
    this.#fault(ms);
    this.#after(this.#outageUntilMs - this.#clock.now(), () => {
      if (this.up) this.#recover();
    });
  }

  /** Holds watch events back by `ms`, for `forMs`. Default: from now on. */
  lag(ms: number, forMs: number = Infinity): void {
    this.#log.add("registry", `watches lag ${ms} ms${forMs === Infinity ? "" : ` for ${forMs} ms`}`);
    this.#lagMs = ms;
    this.longestLagMs = Math.max(this.longestLagMs, ms);
    this.#lagUntilMs = this.#clock.now() + forMs;
    this.#fault(forMs === Infinity ? ms : forMs + ms);
  }

  /** For `forMs`, loses a share of all requests and answers, 0 to 1, and has the others take up to `slowMs` longer each way. */
  disturb(forMs: number, { lost = 0, slowMs = 0 }: Partial<Disturbance>): void {
    const share = `${Math.round(100 * lost)} %`;
    this.#log.add(
      "registry",
      `loses ${share} of the messages, slows others by ${slowMs} ms, for ${forMs} ms`,
    );
    this.#disturbance = { lost, slowMs };
    this.#disturbedUntilMs = this.#clock.now() + forMs;
    this.disturbances.begin(this.#clock.now());
    this.#fault(forMs + slowMs);
    this.#after(forMs, () => {
      if (this.disturbance === undisturbed) this.disturbances.end(this.#clock.now());
    });
  }

  /** Ends the leases of a process: its records, and what else is on them. */
  loseLease(process: string): void {
    this.lostMs = this.#clock.now();
    for (const lease of this.#leases.of(process)) {
      this.#log.add("registry", `loses the lease of ${process}`);
      this.#leases.end(lease);
    }
    this.#fault(0);
  }

  /** Loses everything: records, leases, policies, history. */
  wipe(): void {
    this.lostMs = this.#clock.now();
    this.#log.add("registry", "wiped");
    this.#leases.clear();
    this.#records.clear();
    this.policies.wipe();
    for (const shown of this.shown.values()) shown.end(this.#clock.now());
    this.#revision = 1;
    for (const watcher of this.#watchers) watcher.reset();
    this.#fault(0);
  }

  /** Somebody deletes the records of all instances at once; leases and policies live on. */
  massDisappearance(): void {
    this.lostMs = this.#clock.now();
    this.#log.add("registry", "all records deleted");
    this.#delete([...this.#records.keys()]);
    this.#fault(0);
  }

  /** Ends its timers. */
  close(): void {
    for (const stop of this.#timers) stop();
    this.#timers.clear();
    this.#leases.clear();
    this.policies.wipe();
  }

  // What follows is the server's side: called by backends when an operation has arrived.

  reachable(signal: AbortSignal): Promise<void> {
    if (this.up) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const woken = (): void => {
        signal.removeEventListener("abort", aborted);
        resolve();
      };
      const aborted = (): void => {
        this.#waiting.delete(woken);
        reject(signal.reason as Error);
      };
      this.#waiting.add(woken);
      signal.addEventListener("abort", aborted, { once: true });
    });
  }

  grant(process: string): number {
    return this.#leases.grant(process);
  }

  keepAlive(lease: number): boolean {
    return this.#leases.renew(lease);
  }

  revoke(lease: number): void {
    this.#leases.end(lease);
  }

  put(instances: readonly ServiceInstance[], lease: number): "put" | "clash" | "no lease" {
    if (!this.#leases.has(lease)) return "no lease";
    const held = (own: ServiceInstance): string =>
      this.#records.get(keyOf(own))?.instance.incarnation ?? "0-0";
    if (instances.some((own) => isNewer(held(own), own.incarnation))) return "clash";
    const same = (own: ServiceInstance): boolean => this.#records.get(keyOf(own))?.instance === own;
    if (instances.every(same) && this.holds(instances, lease)) return "put";
    const changes = instances.map((instance) => ({
      key: keyOf(instance),
      service: instance.service,
      id: instance.id,
      held: { instance, lease },
    }));
    for (const { key, held } of changes) this.#records.set(key, held);
    for (const { key, held } of changes)
      this.#log.add("registry", `rev ${this.#revision + 1} put ${key} ${held.instance.state}`);
    this.#changed(changes);
    return "put";
  }

  holds(instances: readonly ServiceInstance[], lease: number): boolean {
    return instances.every((own) => this.#records.get(keyOf(own))?.lease === lease);
  }

  remove(instances: readonly ServiceInstance[], lease: number): void {
    this.#delete(instances.map(keyOf).filter((key) => this.#records.get(key)?.lease === lease));
  }

  read(service: string): Snapshot {
    const instances = this.instances.filter((instance) => instance.service === service);
    return { service, revision: this.#revision, instances, policy: this.policies.policy(service) };
  }

  leaseLeftMs(instance: ServiceInstance): number | undefined {
    return this.#leases.leftMs(this.#records.get(keyOf(instance))?.lease ?? 0);
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #recover(): void {
    this.#log.add("registry", "up again");
    this.outages.end(this.#clock.now());
    this.#leases.resume();
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
    for (const watcher of this.#watchers) watcher.reset();
  }

  #leaseEnded(lease: number): void {
    this.#delete([...this.#records].filter(([, held]) => held.lease === lease).map(([key]) => key));
    this.policies.leaseEnded(lease);
  }

  #delete(keys: readonly string[]): void {
    if (keys.length === 0) return;
    const changes: Change[] = [];
    for (const key of keys) {
      const { instance } = this.#records.get(key) as Held;
      this.#records.delete(key);
      this.#log.add("registry", `rev ${this.#revision + 1} delete ${key}`);
      changes.push({ key, service: instance.service, id: instance.id, held: undefined });
    }
    this.#changed(changes);
  }

  #changed(changes: readonly Change[]): void {
    for (const { id, held } of changes) {
      const shown = this.shown.get(id) ?? new Timeline();
      this.shown.set(id, shown);
      if (held?.instance.state === "up") shown.begin(this.#clock.now());
      else shown.end(this.#clock.now());
    }
    this.#revision++;
    for (const watcher of this.#watchers) {
      const own = changes.filter((change) => change.service === watcher.service);
      if (own.length > 0) watcher.changed(own, this.#revision);
    }
  }

  #policiesChanged(writes: readonly PolicyWrite[]): void {
    this.#revision++;
    for (const { service, policy, process } of writes) {
      const { gen, reason } = policy;
      this.#log.add(
        "registry",
        `rev ${this.#revision} policy ${service} gen ${gen} by ${process}: ${reason}`,
      );
      for (const watcher of this.#watchers)
        if (watcher.service === service) watcher.policyChanged(policy, this.#revision);
    }
  }

  #fault(ms: number): void {
    this.#faultUntilMs = Math.max(this.#faultUntilMs, this.#clock.now() + ms);
  }

  #after(ms: number, fire: () => void): void {
    const stop = this.#clock.timer(ms, () => {
      this.#timers.delete(stop);
      fire();
    });
    this.#timers.add(stop);
  }
}
