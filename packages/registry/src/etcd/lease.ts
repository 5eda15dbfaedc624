import type { Logger } from "pino";
import { createBackoff } from "../backoff.js";
import { createFaultLog } from "../fault-log.js";
import { isLeaseGone } from "./failure.js";
import { KeepaliveStream } from "./keepalive-stream.js";
import type { Link } from "./link.js";
import { retry, orAborted, type Environment } from "./retry.js";

export interface LeaseOptions extends Environment {
  readonly link: Link;
  readonly ttlMs: number;
  /** The longest one renewal may take. */
  readonly timeoutMs: number;
  readonly logger?: Logger | undefined;
  /** The server says that the lease is gone. Called at most once, and never because of a clock of ours. */
  readonly onLost: (lease: Lease) => void;
}

/** A lease in etcd, renewed until it is lost, revoked or closed. */
export class Lease {
  readonly id: string;
  readonly ttlMs: number;
  readonly #options: LeaseOptions;
  readonly #stream: KeepaliveStream;
  readonly #over = new AbortController();
  #dueAt = 0;
  #renewing = false;
  #overslept = false;

  /** Asks etcd for a lease; one attempt. One that is granted too late is given back. */
  static async grant(options: LeaseOptions, signal: AbortSignal): Promise<Lease> {
    const { link } = options;
    const request = { TTL: Math.ceil(options.ttlMs / 1000) };
    const { ID, TTL } = await link.call(({ leaseClient }) => leaseClient.leaseGrant(request));
    if (signal.aborted) link.call(({ leaseClient }) => leaseClient.leaseRevoke({ ID })).catch(() => {});
    signal.throwIfAborted();
    return new Lease(ID, Number(TTL) * 1000, options);
  }

  private constructor(id: string, ttlMs: number, options: LeaseOptions) {
    this.id = id;
    // etcd raises what is too short for it.
    this.ttlMs = ttlMs;
    this.#options = options;
    this.#stream = new KeepaliveStream(options.link, options.clock);
    this.#schedule();
    void this.#keep(this.#over.signal).catch(() => {});
  }

  /** Whether this process, not etcd, is why a renewal was not sent in time: it was stopped, or its event loop was blocked. */
  get stalled(): boolean {
    return this.#overslept || (!this.#renewing && this.#isLate());
  }

  /** To be called when etcd refuses the lease in another call. */
  lost(): void {
    if (this.#over.signal.aborted) return;
    this.close();
    this.#options.onLost(this);
  }

  /** Stops renewing; the server keeps the lease for its time to live. */
  close(): void {
    this.#over.abort(new Error("lease is closed"));
    this.#stream.close();
  }

  /** Deletes every key that is still on this lease, in one revision. Repeated until the signal aborts. */
  async revoke(signal: AbortSignal): Promise<void> {
    const { link, logger } = this.#options;
    const attempt = async (): Promise<void> => {
      try {
        await link.call(({ leaseClient }) => leaseClient.leaseRevoke({ ID: this.id }));
      } catch (error) {
        if (!isLeaseGone(error)) throw error;
      }
    };
    await retry(attempt, this.#options, createFaultLog(logger, "revoking an etcd lease"), signal);
    this.close();
  }

  /** A third of the time to live leaves room for two failures; the jitter keeps processes that started together apart. */
  #schedule(): void {
    const { clock, random } = this.#options;
    this.#dueAt = clock.now() + (this.ttlMs / 3) * (1 - random() * 0.1);
  }

  #isLate(): boolean {
    return this.#options.clock.now() - this.#dueAt > this.ttlMs / 3;
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      await clock.sleep(this.#dueAt - clock.now(), signal);
      this.#overslept = this.#isLate();
      this.#renewing = true;
      const left = await this.#renew(signal);
      if (left <= 0) return this.lost();
      this.#overslept = false;
      this.#renewing = false;
      this.#schedule();
    }
  }

  /** Never gives up: a lease outlives its time when etcd restarts, so only the server knows whether it is gone. */
  async #renew(signal: AbortSignal): Promise<number> {
    const { clock, random, timeoutMs, logger } = this.#options;
    const backoff = createBackoff({ random, longestMs: Math.min(2000, this.ttlMs / 3) });
    const faults = createFaultLog(logger, "renewing an etcd lease");
    for (;;) {
      try {
        const timeout = Math.min(timeoutMs, Math.max(this.ttlMs / 3, 500));
        const left = await orAborted(this.#stream.renew(this.id, timeout), signal);
        faults.recovered();
        return left;
      } catch (error) {
        signal.throwIfAborted();
        if (isLeaseGone(error)) return 0;
        faults.failed(error);
        await clock.sleep(backoff.next(), signal);
      }
    }
  }
}
