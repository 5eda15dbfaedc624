import { isLeaseGone } from "./failure.js";
import { Lease, type LeaseOptions } from "./lease.js";
import { orAborted } from "./retry.js";

/** A lease of the session, and its end. */
export interface SessionLease {
  readonly id: string;
  /** Aborts when etcd no longer has the lease, or the session is closed. */
  readonly over: AbortSignal;
}

interface Current extends SessionLease {
  readonly lease: Lease;
  readonly ended: AbortController;
}

/** What this process keeps in etcd only while it lives, apart from its instances: one lease, granted when it is first needed. */
export class Session {
  readonly #options: Omit<LeaseOptions, "onLost">;
  readonly #closed = new AbortController();
  #current: Current | undefined;
  #pending: Promise<Current> | undefined;

  constructor(options: Omit<LeaseOptions, "onLost">) {
    this.#options = options;
  }

  /** Aborts when the session is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** The lease, granted when there is none: one attempt. Rejects with etcd's refusal, or the signal's reason. */
  async lease(signal: AbortSignal): Promise<SessionLease> {
    this.#closed.signal.throwIfAborted();
    if (this.#current) return this.#current;
    this.#pending ??= this.#grant().finally(() => {
      this.#pending = undefined;
    });
    return orAborted(this.#pending, signal);
  }

  /** Runs what needs the lease. One that etcd no longer has is replaced once, which it may not have told us yet. */
  async use<T>(run: (lease: SessionLease) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let renewed = false; ; renewed = true) {
      const used = await this.lease(signal);
      try {
        return await run(used);
      } catch (error) {
        if (!isLeaseGone(error) || renewed) throw error;
        if (this.#current === used) this.#current.lease.lost();
      }
    }
  }

  /** Revokes the lease, and with it all that is on it. Rejects with the signal's reason when etcd does not answer. */
  async close(signal: AbortSignal): Promise<void> {
    this.#closed.abort(new Error("etcd registry is closed"));
    const current = this.#current;
    this.#current = undefined;
    if (!current) return;
    current.ended.abort(this.#closed.signal.reason);
    try {
      await current.lease.revoke(signal);
    } finally {
      current.lease.close();
    }
  }

  async #grant(): Promise<Current> {
    const ended = new AbortController();
    const onLost = (lease: Lease): void => {
      if (this.#current?.lease === lease) this.#current = undefined;
      this.#options.logger?.warn({ stalled: lease.stalled }, "etcd session lease is lost");
      ended.abort(new Error("etcd no longer has the session's lease"));
    };
    const { signal } = this.#closed;
    const lease = await Lease.grant({ ...this.#options, onLost }, signal);
    if (signal.aborted) {
      // Closed in the very turn in which it was granted.
      void lease.revoke(AbortSignal.timeout(lease.ttlMs)).catch(() => lease.close());
      signal.throwIfAborted();
    }
    return (this.#current = { id: lease.id, over: ended.signal, lease, ended });
  }
}
