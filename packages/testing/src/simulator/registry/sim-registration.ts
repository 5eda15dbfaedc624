import {
  createFeed,
  type FeedSource,
  type Registration,
  type RegistrationState,
  type ServiceInstance,
} from "@rollcall/core";
import { keyOf, type Change } from "./records.js";
import type { RegistryLine } from "./line.js";

/** Between two attempts at an address that a later incarnation holds. */
const clashPauseMs = 2_000;
const longestSpreadMs = 5_000;

/**
 * Keeps the records of one process in the simulated registry, as a client of etcd does: a lease that is renewed, records
 * that are read back and put again when they are gone.
 */
export class SimRegistration implements Registration {
  readonly state: FeedSource<RegistrationState> = createFeed<RegistrationState>("pending");
  readonly #line: RegistryLine;
  readonly #ended = new AbortController();
  readonly #published: FeedSource<number> = createFeed(-1);
  readonly #unwatch: readonly (() => void)[];
  #offered: readonly ServiceInstance[];
  #version = 0;
  #lease: number | undefined;
  #notBeforeMs = 0;
  #woken = Promise.withResolvers<void>();

  constructor(line: RegistryLine, all: readonly ServiceInstance[], signal: AbortSignal) {
    this.#line = line;
    this.#offered = all;
    signal.addEventListener("abort", () => this.end(), { once: true });
    this.#unwatch = [...new Set(all.map(({ service }) => service))].map((service) =>
      line.registry.watch({
        service,
        changed: (changes) => this.#ownChanged(changes),
        policyChanged: () => {},
        reset: () => this.#later(() => this.#wake()),
      }),
    );
    void this.#run(this.#ended.signal).catch(() => {});
    void this.#renew(this.#ended.signal).catch(() => {});
  }

  async update(change: { readonly state?: "up" | "draining"; readonly weight?: number }): Promise<void> {
    this.#ended.signal.throwIfAborted();
    this.#offered = this.#offered.map((instance) => ({ ...instance, ...change }));
    const version = ++this.#version;
    this.#wake();
    while ((this.#published.current ?? -1) < version)
      await this.#published.next(this.#published.current, this.#ended.signal);
  }

  async deregister(signal: AbortSignal): Promise<void> {
    const lease = this.#lease;
    this.end();
    if (lease === undefined) return;
    await this.#line.call(() => {
      this.#line.registry.remove(this.#offered, lease);
      this.#line.registry.revoke(lease);
    }, signal);
  }

  /** Stops registering; records stay until their lease ends. */
  end(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(new Error("registration has ended"));
    for (const unwatch of this.#unwatch) unwatch();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { registry, process } = this.#line;
    for (;;) {
      const waitMs = this.#notBeforeMs - process.clock.now();
      if (waitMs > 0) await process.clock.sleep(waitMs, signal);
      this.#woken = Promise.withResolvers<void>();
      const version = this.#version;
      // Kept at once, so that a lease granted while the process leaves is given back.
      const lease = await this.#line.call(() => (this.#lease ??= registry.grant(process.name)), signal);
      const done = await this.#line.call(() => registry.put(this.#offered, lease), signal);
      const held =
        done === "put" && (await this.#line.call(() => registry.holds(this.#offered, lease), signal));
      if (done === "no lease") this.#leaseLost(lease);
      if (done === "clash") {
        this.#notVisible();
        await process.clock.sleep(clashPauseMs * (0.5 + process.random()), signal);
      }
      if (!held) continue;
      this.state.publish("visible");
      this.#published.publish(version);
      await this.#pause(signal);
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { registry, process } = this.#line;
    for (;;) {
      await process.clock.sleep((registry.ttlMs / 3) * (1 - process.random() * 0.1), signal);
      const lease = this.#lease;
      if (lease === undefined) continue;
      const alive = await this.#line.call(() => registry.keepAlive(lease), signal);
      if (!alive) this.#leaseLost(lease);
    }
  }

  #leaseLost(lease: number): void {
    if (this.#lease !== lease) return;
    const { registry, process } = this.#line;
    this.#lease = undefined;
    this.#notBeforeMs =
      process.clock.now() + process.random() * Math.min(registry.ttlMs / 3, longestSpreadMs);
    this.#notVisible();
    this.#wake();
  }

  #ownChanged(changes: readonly Change[]): void {
    const own = new Set(this.#offered.map(keyOf));
    const lost = changes.some(({ key, held }) => own.has(key) && held?.lease !== this.#lease);
    if (!lost || !this.#line.registry.up) return;
    this.#later(() => {
      this.#notVisible();
      this.#wake();
    });
  }

  #notVisible(): void {
    if (this.state.current === "visible") this.state.publish("lost");
  }

  #later(then: () => void): void {
    const { registry, process } = this.#line;
    process.clock.timer(registry.latencyMs / 2 + registry.lagNowMs, () => {
      if (!this.#ended.signal.aborted) then();
    });
  }

  #wake(): void {
    this.#woken.resolve();
  }

  #pause(signal: AbortSignal): Promise<void> {
    const { promise } = this.#woken;
    return new Promise((resolve, reject) => {
      const aborted = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", aborted, { once: true });
      void promise.then(() => {
        signal.removeEventListener("abort", aborted);
        resolve();
      });
    });
  }
}
