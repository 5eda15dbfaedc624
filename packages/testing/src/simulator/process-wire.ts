import type { Clock } from "@rollcall/core";
import type { MemoryNetwork } from "../network/network.js";
import type { Link, Peer, Wire } from "../network/wire.js";

/** The network as one process is on it: by the process's own clock, and with the connections that end with it. */
export class ProcessWire implements Wire {
  readonly clock: Clock;
  readonly random: () => number;
  readonly revealCauses: boolean = false;
  protected readonly network: MemoryNetwork;
  readonly #links = new Set<Link>();
  readonly #listeners = new Set<Peer>();
  /** What its connections have led to. */
  readonly #reached = new Set<Peer>();

  constructor(network: MemoryNetwork, clock: Clock, random: () => number) {
    this.network = network;
    this.clock = clock;
    this.random = random;
  }

  get latencyMs(): number {
    return this.network.latencyMs;
  }

  after(ms: number, fire: () => void): () => void {
    return this.clock.timer(ms, fire);
  }

  find(address: string): Peer | undefined {
    const peer = this.network.find(address);
    if (peer) this.#reached.add(peer);
    return peer;
  }

  isSilent(address: string): boolean {
    return this.network.isSilent(address);
  }

  deliver(address: string, arrive: () => void): void {
    this.network.deliver(address, arrive);
  }

  bind(host: string, port: number, peer: Peer): number {
    this.#listeners.add(peer);
    return this.network.bind(host, port, peer);
  }

  unbind(address: string, peer: Peer): void {
    this.network.unbind(address, peer);
  }

  dial(): string {
    return this.network.dial();
  }

  connected(link: Link): void {
    this.#links.add(link);
    this.network.connected(link);
  }

  disconnected(link: Link): void {
    this.#links.delete(link);
    this.network.disconnected(link);
  }

  /** The process is gone: what it listens on, drained or not, and its connections break. */
  crash(): void {
    for (const listener of this.#listeners) listener.crash();
    for (const link of this.#links) {
      this.network.disconnected(link);
      for (const peer of this.#reached) link.lost("broken", peer);
    }
    this.#links.clear();
    this.#reached.clear();
  }
}

/** The same for a process's server: what it has sent arrives even when the process is gone by then. */
export class ServerWire extends ProcessWire {
  override after(ms: number, fire: () => void): () => void {
    return this.network.after(ms, fire);
  }
}
