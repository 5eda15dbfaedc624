import { randomBytes } from "node:crypto";
import type { Clock } from "@rollcall/core";
import { refusal } from "./errors.js";

/** etcd's floor for a TTL with its default election timeout. */
const minTtlSeconds = 2;
const maxTtlSeconds = 9_000_000_000;

interface Lease {
  readonly id: string;
  readonly ttlSeconds: number;
  readonly keys: Set<string>;
  expiresAt: number;
  stopTimer: () => void;
}

/** Grants, their clocks and their keys. What happens to the keys of a lease that ends is `onEnd`'s business. */
export class Leases {
  readonly #clock: Clock;
  readonly #onEnd: (keys: readonly string[]) => void;
  readonly #leases = new Map<string, Lease>();
  #suspended = false;

  constructor(clock: Clock, onEnd: (keys: readonly string[]) => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  has(id: string): boolean {
    return this.#leases.has(id);
  }

  /** `id` `"0"` asks for one. */
  grant(id: string, ttlSeconds: number): { id: string; ttlSeconds: number } {
    if (ttlSeconds > maxTtlSeconds) throw refusal("leaseTtlTooLarge");
    if (this.#leases.has(id)) throw refusal("leaseExists");
    const lease: Lease = {
      id: id === "0" ? this.#freeId() : id,
      ttlSeconds: Math.max(minTtlSeconds, ttlSeconds),
      keys: new Set(),
      expiresAt: 0,
      stopTimer: () => {},
    };
    this.#leases.set(lease.id, lease);
    this.#refresh(lease);
    return { id: lease.id, ttlSeconds: lease.ttlSeconds };
  }

  /** The full TTL again, in seconds; 0 when there is no such lease. */
  keepAlive(id: string): number {
    const lease = this.#leases.get(id);
    if (!lease) return 0;
    this.#refresh(lease);
    return lease.ttlSeconds;
  }

  /** Ends the lease and deletes its keys. */
  revoke(id: string): void {
    const lease = this.#leases.get(id);
    if (!lease) throw refusal("leaseNotFound");
    lease.stopTimer();
    // In order, so that watchers see the deletions as etcd sends them.
    this.#onEnd([...lease.keys].toSorted());
    this.#leases.delete(id);
  }

  /** `undefined` when there is no such lease. The remaining seconds are rounded down, as etcd does. */
  describe(id: string): { ttlSeconds: number; remainingSeconds: number; keys: string[] } | undefined {
    const lease = this.#leases.get(id);
    if (!lease) return undefined;
    const remainingSeconds = Math.trunc((lease.expiresAt - this.#clock.now()) / 1000);
    return { ttlSeconds: lease.ttlSeconds, remainingSeconds, keys: [...lease.keys] };
  }

  /** All ids, the one that expires first in front. */
  ids(): string[] {
    return [...this.#leases.values()].toSorted((a, b) => a.expiresAt - b.expiresAt).map((lease) => lease.id);
  }

  /** Takes `key` from one lease to another; `"0"` is no lease. */
  move(key: string, from: string, to: string): void {
    this.#leases.get(from)?.keys.delete(key);
    this.#leases.get(to)?.keys.add(key);
  }

  /** Stops the clocks: a server that is down expires nothing. */
  suspend(): void {
    this.#suspended = true;
    for (const lease of this.#leases.values()) lease.stopTimer();
  }

  /** Starts the clocks again, each at its full TTL: what etcd does when it elects a leader. */
  resumeExtended(): void {
    this.#suspended = false;
    for (const lease of this.#leases.values()) this.#refresh(lease);
  }

  #refresh(lease: Lease): void {
    lease.stopTimer();
    lease.expiresAt = this.#clock.now() + lease.ttlSeconds * 1000;
    if (this.#suspended) return;
    lease.stopTimer = this.#clock.timer(lease.ttlSeconds * 1000, () => this.revoke(lease.id));
  }

  #freeId(): string {
    for (;;) {
      const id = String(randomBytes(8).readBigUInt64BE() >> 1n);
      if (id !== "0" && !this.#leases.has(id)) return id;
    }
  }
}
