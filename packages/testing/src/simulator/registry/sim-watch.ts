import type { FeedSource, RolloutPolicy, ServiceInstance, Snapshot } from "@rollcall/core";
import { byId, type Change } from "./records.js";
import type { RegistryLine } from "./line.js";
import type { Watcher } from "./server.js";

const coalesceMs = 50;

/**
 * A process's watch of one service: reads all, then follows; reads all again when it may have missed something. Events
 * arrive in their order, late by the registry's lag. The first change is published at once, what follows within 50 ms
 * together, except for draining, deletes and policies. A policy that the registry no longer has stays, as lost.
 */
export class SimWatch implements Watcher {
  readonly service: string;
  /** When readers last got to see something new. */
  publishedMs = 0;
  readonly #line: RegistryLine;
  readonly #feed: FeedSource<Snapshot>;
  readonly #closed = new AbortController();
  readonly #instances = new Map<string, ServiceInstance>();
  readonly #unwatch: () => void;
  #policy: RolloutPolicy | undefined;
  #policyLost = false;
  #revision = 0;
  /** Counts readings: what was sent before the last one began is not applied. */
  #reading = 0;
  #live = false;
  #lastArrivalMs = 0;
  #window: (() => void) | undefined;
  #pending = false;
  #resets = 0;

  constructor(line: RegistryLine, service: string, feed: FeedSource<Snapshot>) {
    this.#line = line;
    this.service = service;
    this.#feed = feed;
    this.#unwatch = line.registry.watch(this);
    void this.#read();
  }

  /** What readers see. */
  get view(): Snapshot | undefined {
    return this.#feed.current;
  }

  close(): void {
    this.#closed.abort();
    this.#unwatch();
    this.#window?.();
    this.#window = undefined;
    this.#pending = false;
  }

  reset(): void {
    this.#resets++;
    this.#live = false;
    void this.#read();
  }

  changed(changes: readonly Change[], revision: number): void {
    if (!this.#live || !this.#line.registry.up) return;
    const reading = this.#reading;
    this.#arrive(() => {
      if (reading !== this.#reading) return;
      let urgent = false;
      for (const { id, held } of changes) {
        const before = this.#instances.get(id);
        if (held) this.#instances.set(id, held.instance);
        else this.#instances.delete(id);
        urgent ||= !held || (held.instance.state === "draining" && before?.state !== "draining");
      }
      this.#revision = revision;
      this.#changed(urgent);
    });
  }

  policyChanged(policy: RolloutPolicy, revision: number): void {
    if (!this.#live || !this.#line.registry.up) return;
    const reading = this.#reading;
    this.#arrive(() => {
      if (reading !== this.#reading) return;
      this.#policy = policy;
      this.#policyLost = false;
      this.#revision = revision;
      this.#changed(true);
    });
  }

  async #read(): Promise<void> {
    const reading = ++this.#reading;
    const { process, registry } = this.#line;
    const signal = this.#closed.signal;
    try {
      if (this.#resets > 0) await process.clock.sleep(process.random() * 100, signal);
      await this.#line.call(() => {
        if (reading !== this.#reading) return;
        this.#live = true;
        const read = registry.read(this.service);
        this.#arrive(() => {
          if (reading === this.#reading) this.#replace(read);
        });
      }, signal);
    } catch {
      // Closed.
    }
  }

  #replace(read: Snapshot): void {
    const { current } = this.#feed;
    const seen = this.#resets > 0 ? this.#line.registry.afterReset(current, read) : read;
    const { instances, revision, policy } = seen;
    this.#policyLost = policy === undefined && this.#policy !== undefined;
    this.#policy = policy ?? this.#policy;
    this.#instances.clear();
    for (const instance of instances) this.#instances.set(instance.id, instance);
    this.#revision = revision;
    this.#changed(true);
  }

  /** In order, whatever the lag does meanwhile. */
  #arrive(then: () => void): void {
    const { process, registry } = this.#line;
    const nowMs = process.clock.now();
    const atMs = Math.max(this.#lastArrivalMs, nowMs + registry.latencyMs / 2 + registry.lagNowMs);
    this.#lastArrivalMs = atMs;
    process.clock.timer(atMs - nowMs, () => {
      if (!this.#closed.signal.aborted) then();
    });
  }

  #changed(urgent: boolean): void {
    if (this.#window && !urgent) {
      this.#pending = true;
      return;
    }
    this.#pending = false;
    this.#window?.();
    this.#window = this.#line.process.clock.timer(coalesceMs, () => {
      this.#window = undefined;
      if (this.#pending) this.#changed(true);
    });
    const instances = Object.freeze([...this.#instances.values()].toSorted(byId));
    this.publishedMs = this.#line.process.clock.now();
    const snapshot = { service: this.service, revision: this.#revision, instances, policy: this.#policy };
    this.#feed.publish(Object.freeze({ ...snapshot, ...(this.#policyLost ? { policyLost: true } : {}) }));
  }
}
