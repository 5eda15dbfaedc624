import type { Clock } from "@rollcall/core";

interface Lease {
  readonly id: number;
  readonly process: string;
  endsMs: number;
  stop: () => void;
}

export interface LeasesEnv {
  readonly clock: Clock;
  readonly ttlMs: number;
  /** Whether the registry answers: while it does not, nothing runs out. */
  isUp(): boolean;
  /** A lease was not renewed in time; `ended` follows. */
  ranOut(process: string): void;
  ended(lease: number): void;
}

/** The leases of the simulated registry: each ends a time to live after its last renewal. */
export class Leases {
  readonly #env: LeasesEnv;
  readonly #leases = new Map<number, Lease>();
  #last = 0;

  constructor(env: LeasesEnv) {
    this.#env = env;
  }

  has(id: number): boolean {
    return this.#leases.has(id);
  }

  /** Milliseconds that a lease has left; undefined for none. */
  leftMs(id: number): number | undefined {
    const lease = this.#leases.get(id);
    return lease && Math.max(0, lease.endsMs - this.#env.clock.now());
  }

  /** Those of a process, oldest first. */
  of(process: string): readonly number[] {
    return [...this.#leases.values()].filter((each) => each.process === process).map(({ id }) => id);
  }

  grant(process: string): number {
    const lease: Lease = { id: ++this.#last, process, endsMs: 0, stop: () => {} };
    this.#leases.set(lease.id, lease);
    this.#arm(lease);
    return lease.id;
  }

  /** False when there is no such lease. */
  renew(id: number): boolean {
    const lease = this.#leases.get(id);
    if (lease) this.#arm(lease);
    return lease !== undefined;
  }

  end(id: number): void {
    const lease = this.#leases.get(id);
    if (!lease) return;
    lease.stop();
    this.#leases.delete(id);
    this.#env.ended(id);
  }

  /** The registry is down. */
  suspend(): void {
    for (const lease of this.#leases.values()) lease.stop();
  }

  /** It is back: all have their whole time again. */
  resume(): void {
    for (const lease of this.#leases.values()) this.#arm(lease);
  }

  /** Forgets all, without a word. */
  clear(): void {
    this.suspend();
    this.#leases.clear();
  }

  #arm(lease: Lease): void {
    const { clock, ttlMs } = this.#env;
    lease.stop();
    lease.endsMs = clock.now() + ttlMs;
    if (!this.#env.isUp()) return;
    lease.stop = clock.timer(ttlMs, () => {
      this.#env.ranOut(lease.process);
      this.end(lease.id);
    });
  }
}
