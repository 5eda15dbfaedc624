import type { BreakerReports } from "./breaker-reports.js";
import type { Feed } from "./feed.js";
import type { RolloutPolicy, RolloutStore } from "./rollout.js";

/** One process's offer of one service, as the registry holds it. */
export interface ServiceInstance {
  /** Stable across restarts of one address: `10.0.0.1:8080` unless set. Unique within the service. */
  readonly id: string;
  /** `<start in ms since the epoch>-<random>`: one run of the process. A later start is the newer incarnation. */
  readonly incarnation: string;
  readonly app: string;
  /** The full proto name: `shop.v1.Orders`. */
  readonly service: string;
  /** `host:port`. */
  readonly address: string;
  readonly version: string;
  readonly track: string;
  readonly zone: string;
  /** Relative share of calls, 0 or more; 100 is usual. 0 gets none unless a rule says so. */
  readonly weight: number;
  readonly state: "up" | "draining";
  readonly features: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** The milliseconds since the epoch at which an incarnation started; NaN when it is not one. */
export function startedAt(incarnation: string): number {
  const match = /^(\d+)-[0-9a-z]+$/.exec(incarnation);
  return match ? Number(match[1]) : Number.NaN;
}

/** `visible`: the registry has the records, read back; `lost`: it had them and is asked to take them again. */
export type RegistrationState = "pending" | "visible" | "lost";

/** What a process has put, and keeps, in the registry. */
export interface Registration {
  /** `visible` while the registry shows our records, as read back; `lost` when it did and no longer does. It is registered again for ever. */
  readonly state: Feed<RegistrationState>;
  /** Rewrites the records of all services of the process. Resolves when the registry has them. */
  update(change: { readonly state?: "up" | "draining"; readonly weight?: number }): Promise<void>;
  /** Deletes the records and stops registering. Resolves when they are gone; rejects with the signal's reason, and has then stopped registering all the same. */
  deregister(signal: AbortSignal): Promise<void>;
}

/** Where a process publishes itself. */
export interface Registry {
  /**
   * Publishes all services of the process at once: one lease, one transaction. Returns at once; `state` tells when they are visible.
   * @param signal ends the attempts; records already put stay until `deregister` or their lease ends
   */
  register(all: readonly ServiceInstance[], signal: AbortSignal): Registration;
}

/** All instances of a service at one moment. */
export interface Snapshot {
  readonly service: string;
  /** The registry's revision; grows with every change, restarts only when the registry was wiped. */
  readonly revision: number;
  /** Sorted by id; draining ones included. */
  readonly instances: readonly ServiceInstance[];
  /** The last valid policy; undefined when there was none. The same object while it is unchanged. */
  readonly policy?: RolloutPolicy | undefined;
  /** The registry has lost its document; `policy` is the last one it had. */
  readonly policyLost?: boolean | undefined;
}

/** Where callers learn of instances. */
export interface Discovery {
  /**
   * Watches a service. Feeds are shared: the last one disposed ends the watch. `current` is undefined until the registry
   * has been read once; after that a registry that cannot be reached leaves the last good snapshot in place.
   */
  open(service: string): Feed<Snapshot> & AsyncDisposable;
}

/** An instance as an operator sees it. */
export interface ListedInstance {
  readonly instance: ServiceInstance;
  /** Until the record ends unless it is renewed; undefined where records have no lease. */
  readonly leaseLeftMs: number | undefined;
}

/** A registry as an app uses it: both sides, and its end. */
export interface RegistryBackend extends Registry, Discovery, AsyncDisposable {
  /** Absent where policies cannot be changed. */
  readonly rollouts?: RolloutStore | undefined;
  /** Absent where callers cannot report. */
  readonly breakers?: BreakerReports | undefined;
  /** The instances of one service, or of all, read now. Sorted by service and id. */
  list(service: string | undefined, signal: AbortSignal): Promise<readonly ListedInstance[]>;
  /** What it is, for logs: `etcd://10.0.0.1:2379`, without credentials. */
  readonly description: string;
  /** Resolves when the registry answers; rejects when it does not before the signal aborts. */
  ready(signal: AbortSignal): Promise<void>;
}
