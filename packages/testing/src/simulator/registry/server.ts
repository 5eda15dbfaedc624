import type { Clock, RolloutPolicy, ServiceInstance, Snapshot } from "@rollcall/core";
import type { PolicyDesk } from "./policy-desk.js";
import type { Change } from "./records.js";

/** A process as the registry's clients need it. */
export interface RegistryClient {
  readonly name: string;
  /** Its own: what it waits for does not come while it hangs. */
  readonly clock: Clock;
  readonly random: () => number;
}

/** A reader of the registry's changes, one per watch. */
export interface Watcher {
  readonly service: string;
  /** One revision's changes of its service. */
  changed(changes: readonly Change[], revision: number): void;
  /** A revision with a new policy of its service. */
  policyChanged(policy: RolloutPolicy, revision: number): void;
  /** Changes may have been missed: it has to read everything again. */
  reset(): void;
}

/** What happens to messages on their way, there and back. */
export interface Disturbance {
  /** The share of them that is lost, 0 to 1. */
  readonly lost: number;
  /** Each takes up to this much longer. */
  readonly slowMs: number;
}

/** What the registry's clients call when an operation has arrived. */
export interface RegistryServer {
  readonly ttlMs: number;
  readonly latencyMs: number;
  /** Whether it answers. */
  readonly up: boolean;
  /** How long watch events are held back now. */
  readonly lagNowMs: number;
  readonly disturbance: Disturbance;
  /** Policies, who controls them, and reports. */
  readonly policies: PolicyDesk;
  /** Resolves when the registry can be reached; rejects with the signal's reason. */
  reachable(signal: AbortSignal): Promise<void>;
  grant(process: string): number;
  /** False when there is no such lease any more. */
  keepAlive(lease: number): boolean;
  revoke(lease: number): void;
  /** Puts all in one transaction: `clash` when a later incarnation holds one of them, `no lease` when that has ended. */
  put(instances: readonly ServiceInstance[], lease: number): "put" | "clash" | "no lease";
  /** Whether all are held by this lease: what a process reads back. */
  holds(instances: readonly ServiceInstance[], lease: number): boolean;
  /** Deletes those that are on the lease. */
  remove(instances: readonly ServiceInstance[], lease: number): void;
  read(service: string): Snapshot;
  /** All there are, sorted by service and id. */
  readonly instances: readonly ServiceInstance[];
  /** When a lease ends unless it is renewed, in milliseconds from now; undefined when there is none of an instance. */
  leaseLeftMs(instance: ServiceInstance): number | undefined;
  /** Tells the watcher of every change from now on; returns the end of that. */
  watch(watcher: Watcher): () => void;
  /** What a watch publishes when it is back in step. */
  afterReset(before: Snapshot | undefined, read: Snapshot): Snapshot;
}
