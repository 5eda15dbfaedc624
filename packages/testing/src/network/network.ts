import { systemClock, type Clock } from "@rollcall/core";
import type { Link, Peer, Wire } from "./wire.js";

/** How messages travel on a `MemoryNetwork`. */
export interface MemoryNetworkOptions {
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** From 0 up to 1, for reconnection jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** One way, in milliseconds. Default 0: in the same turn of the event loop. */
  readonly latencyMs?: number | undefined;
  /** Errors that come from a server keep what caused them there, which no real wire carries. Default false. */
  readonly revealCauses?: boolean | undefined;
}

/**
 * A network inside this process: addresses, listeners and connections that behave as TCP and HTTP/2 do towards the
 * pipeline. Messages cross it as bytes; nothing opens a port.
 */
export class MemoryNetwork implements Wire {
  readonly clock: Clock;
  readonly random: () => number;
  readonly latencyMs: number;
  readonly revealCauses: boolean;
  readonly #listeners = new Map<string, Peer>();
  /** What has arrived on the way to an address, or from there, since that is silent. */
  readonly #silent = new Map<string, (() => void)[]>();
  readonly #links = new Set<Link>();
  #nextPort = 1024;
  #dialled = 0;

  constructor(options: MemoryNetworkOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
    this.latencyMs = options.latencyMs ?? 0;
    this.revealCauses = options.revealCauses ?? false;
  }

  after(ms: number, fire: () => void): () => void {
    if (ms > 0) return this.clock.timer(ms, fire);
    let cancelled = false;
    queueMicrotask(() => {
      if (!cancelled) fire();
    });
    return () => {
      cancelled = true;
    };
  }

  find(address: string): Peer | undefined {
    return this.#listeners.get(address);
  }

  isSilent(address: string): boolean {
    return this.#silent.has(address);
  }

  deliver(address: string, arrive: () => void): void {
    const held = this.#silent.get(address);
    if (held) held.push(arrive);
    else arrive();
  }

  bind(host: string, port: number, peer: Peer): number {
    const bound = port === 0 ? this.#nextPort++ : port;
    const address = `${host}:${bound}`;
    if (this.#listeners.has(address)) throw new Error(`address already in use ${address}`);
    this.#listeners.set(address, peer);
    return bound;
  }

  unbind(address: string, peer: Peer): void {
    if (this.#listeners.get(address) === peer) this.#listeners.delete(address);
  }

  dial(): string {
    return `caller:${++this.#dialled}`;
  }

  connected(link: Link): void {
    this.#links.add(link);
  }

  disconnected(link: Link): void {
    this.#links.delete(link);
  }

  /** The process at an address is gone at once (SIGKILL): connections break, nothing listens there. */
  crash(address: string): void {
    const peer = this.#listeners.get(address);
    this.#listeners.delete(address);
    peer?.crash();
  }

  /** The process at an address does nothing any more (SIGSTOP), or the way there swallows everything. */
  silence(address: string): void {
    if (!this.#silent.has(address)) this.#silent.set(address, []);
    for (const link of this.#links) link.silenced(address);
  }

  /** Ends `silence`; what was on its way arrives. */
  restore(address: string): void {
    const held = this.#silent.get(address) ?? [];
    this.#silent.delete(address);
    for (const arrive of held) arrive();
    for (const link of this.#links) link.restored(address);
  }
}
