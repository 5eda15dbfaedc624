import {
  ConfigError,
  createFeed,
  type Feed,
  type FeedSource,
  type Registration,
  type RegistrationState,
  type ServiceInstance,
} from "@rollcall/core";
import type { Logger } from "pino";
import { createBackoff } from "../backoff.js";
import { createFaultLog, type FaultLog } from "../fault-log.js";
import { changeOffer, checkOffer, type OfferChange } from "../offer.js";
import { encodeRecord } from "../record.js";
import { isLeaseGone } from "./failure.js";
import { servicePrefix } from "./keys.js";
import { Lease } from "./lease.js";
import type { Link } from "./link.js";
import { publish, unpublish, type Seen, type Wanted } from "./publication.js";
import { retry, orAborted, type Environment } from "./retry.js";
import type { WatchHub } from "./watch-hub.js";
import { WatchedRanges, type KeyChange } from "./watched-ranges.js";

export interface RegistrationOptions extends Environment {
  readonly keyPrefix: string;
  readonly ttlMs: number;
  readonly timeoutMs: number;
  readonly kv: Link;
  readonly lease: Link;
  readonly hub: WatchHub;
  readonly logger?: Logger | undefined;
}

/** The widest spread of registering again after etcd lost the lease, as it then lost everybody's. */
const longestSpreadMs = 5000;

/** etcd's default for `--max-txn-ops`. */
const mostServices = 128;

const nothingSeen: Seen = new Map();

/**
 * Keeps the records of one process in etcd. One loop compares what etcd holds with what is wanted and puts the
 * difference right; everything that happens (an update, a lost lease, a key that somebody deleted) only wakes it.
 */
export class EtcdRegistration implements Registration {
  readonly #options: RegistrationOptions;
  readonly #state: FeedSource<RegistrationState> = createFeed<RegistrationState>("pending");
  readonly #ended = new AbortController();
  readonly #backoff;
  readonly #clashBackoff;
  readonly #clashes: FaultLog;
  readonly #loop: Promise<void>;
  #offered: readonly ServiceInstance[];
  #wanted: readonly Wanted[];
  /** Counts updates; those up to `#published` are in etcd. */
  #version = 0;
  readonly #published: FeedSource<number> = createFeed(-1);
  #lease: Lease | undefined;
  #seen: Seen = nothingSeen;
  #notBefore = 0;
  #woken = Promise.withResolvers<void>();
  #ownKeys: readonly WatchedRanges[] = [];
  #gone: Promise<void> | undefined;

  constructor(all: readonly ServiceInstance[], signal: AbortSignal, options: RegistrationOptions) {
    checkOffer(all);
    if (all.length > mostServices)
      throw new ConfigError(
        `cannot register ${all.length} services in one process: etcd takes ${mostServices} in a transaction`,
      );
    this.#options = options;
    this.#offered = all;
    this.#wanted = this.#recordsOf(all);
    const { random } = options;
    this.#backoff = createBackoff({ random });
    this.#clashBackoff = createBackoff({ random, firstMs: 2000, longestMs: 30_000 });
    this.#clashes = createFaultLog(options.logger, "taking the address", "error");
    const stop = (): void => this.#end();
    signal.addEventListener("abort", stop, { once: true });
    this.#ended.signal.addEventListener("abort", () => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
    if (all.length === 0) this.#state.publish("visible");
    this.#loop = all.length === 0 ? Promise.resolve() : this.#run(this.#ended.signal).catch(() => {});
  }

  get state(): Feed<RegistrationState> {
    return this.#state;
  }

  update(change: OfferChange): Promise<void> {
    const done = this.#update(change);
    // A caller that does not wait must not end the process when the registration ends first.
    done.catch(() => {});
    return done;
  }

  deregister(signal: AbortSignal): Promise<void> {
    this.#gone ??= this.#leave(signal);
    return this.#gone;
  }

  async #update(change: OfferChange): Promise<void> {
    this.#ended.signal.throwIfAborted();
    this.#offered = changeOffer(this.#offered, change);
    this.#wanted = this.#recordsOf(this.#offered);
    this.#version += 1;
    const version = this.#version;
    if (this.#wanted.length === 0) return;
    this.#wake();
    while ((this.#published.current ?? -1) < version)
      await this.#published.next(this.#published.current, this.#ended.signal);
  }

  async #leave(signal: AbortSignal): Promise<void> {
    const lease = this.#lease;
    this.#end();
    await this.#loop;
    if (!lease) return;
    const { kv, logger } = this.#options;
    const faults = createFaultLog(logger, "deregistering from etcd");
    try {
      await retry(() => unpublish(kv, this.#wanted, lease.id), this.#options, faults, signal);
      // Also takes what a transaction still on its way may put. The records are gone, so its failure is not ours.
      await lease.revoke(signal).catch(() => {});
    } finally {
      lease.close();
    }
  }

  /** Stops registering. Records stay, and without renewals their lease runs out. */
  #end(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(new Error("registration has ended"));
    this.#lease?.close();
    for (const range of this.#ownKeys) void range.close();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const faults = createFaultLog(logger, "registering in etcd");
    for (;;) {
      const wait = this.#notBefore - clock.now();
      if (wait > 0) await clock.sleep(wait, signal);
      this.#woken = Promise.withResolvers<void>();
      try {
        const settled = await this.#settle(signal);
        faults.recovered();
        this.#backoff.reset();
        await this.#pause(settled ? Infinity : this.#clashBackoff.next(), signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#seen = nothingSeen;
        if (isLeaseGone(error) && this.#lease) {
          this.#lease.lost();
          continue;
        }
        faults.failed(error);
        await clock.sleep(this.#backoff.next(), signal);
      }
    }
  }

  /** Brings etcd to what is wanted; false when the address belongs to a later incarnation. */
  async #settle(signal: AbortSignal): Promise<boolean> {
    const { kv } = this.#options;
    const { incarnation = "" } = this.#offered[0] ?? {};
    const version = this.#version;
    const lease = (this.#lease ??= await this.#grant(signal));
    const done = await orAborted(
      publish(kv, this.#wanted, lease.id, incarnation, this.#seen, signal),
      signal,
    );
    this.#watchOwnKeys();
    if (this.#lease !== lease) return true;
    if ("clash" in done) {
      this.#seen = nothingSeen;
      this.#clashes.failed(new Error(`${done.clash} belongs to the later incarnation ${done.holder}`));
      this.#notVisible();
      return false;
    }
    this.#clashes.recovered();
    this.#clashBackoff.reset();
    this.#seen = done.seen;
    this.#state.publish("visible");
    this.#published.publish(version);
    return true;
  }

  async #grant(signal: AbortSignal): Promise<Lease> {
    const onLost = (lease: Lease): void => this.#leaseLost(lease);
    const { lease: link } = this.#options;
    return orAborted(Lease.grant({ ...this.#options, link, onLost }, signal), signal);
  }

  #leaseLost(lease: Lease): void {
    const { clock, random } = this.#options;
    this.#lease = undefined;
    this.#seen = nothingSeen;
    // When we overslept, nobody else lost a lease with us.
    const spread = lease.stalled ? 0 : Math.min(lease.ttlMs / 3, longestSpreadMs);
    this.#notBefore = clock.now() + random() * spread;
    this.#options.logger?.warn({ stalled: lease.stalled }, "etcd lease is lost; registering again");
    this.#notVisible();
    this.#wake();
  }

  /** Each own key has a watch, because somebody who deletes or changes it tells us nothing. */
  #watchOwnKeys(): void {
    if (this.#ownKeys.length > 0 || this.#ended.signal.aborted) return;
    const onChange = (changes: readonly KeyChange[], revision: number): void => {
      for (const change of changes) this.#ownKeyChanged(change, revision);
    };
    this.#ownKeys = this.#wanted.map(
      ({ key }) =>
        new WatchedRanges({ ...this.#options, ranges: [{ key: Buffer.from(key) }], name: key, onChange }),
    );
  }

  #ownKeyChanged({ key, held }: KeyChange, revision: number): void {
    const wanted = this.#wanted.find((own) => own.key === key);
    const onOurLease = held !== undefined && held.lease === this.#lease?.id;
    if (onOurLease && held.value.toString() === wanted?.value) return;
    // News from before our last transaction cannot tell that we are no longer visible.
    const isNew = revision > (this.#seen.get(key)?.modRevision ?? Infinity);
    if (isNew && !onOurLease) this.#notVisible();
    this.#seen = nothingSeen;
    this.#wake();
  }

  #notVisible(): void {
    if (this.#state.current === "visible") this.#state.publish("lost");
  }

  #wake(): void {
    this.#woken.resolve();
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = this.#woken;
    const stop = this.#options.clock.timer(ms, resolve);
    await orAborted(promise, signal).finally(stop);
  }

  #recordsOf(all: readonly ServiceInstance[]): Wanted[] {
    return all.map((instance) => ({
      service: instance.service,
      id: instance.id,
      key: servicePrefix(this.#options.keyPrefix, instance.service) + instance.id,
      value: encodeRecord(instance),
    }));
  }
}
