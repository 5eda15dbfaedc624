import {
  Code,
  methodName,
  RpcError,
  type Call,
  type Connection,
  type ConnectionState,
  type Reply,
  type Transport,
} from "@rollcall/core";
import { Exchange } from "./exchange.js";
import type { Link, Peer, Wire } from "./wire.js";

/** As the gRPC transport: 100 ms between attempts, growing to 1 s, 20 % either way; a silent peer is given up after 2 s. */
const backoff = { firstMs: 100, factor: 1.6, mostMs: 1_000, jitter: 0.2 };
const connectTimeoutMs = 2_000;
/** A ping after 20 s in which nothing came, and 5 s for its answer; only while calls wait for one, as grpc-js does. */
const keepaliveMs = 25_000;

/** A connection to one address of a `MemoryNetwork`, kept up until closed. */
export class MemoryConnection implements Connection, Link {
  readonly localAddress: string;
  readonly #address: string;
  readonly #network: Wire;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #inflight = new Set<Exchange>();
  #peer: Peer | undefined;
  #state: ConnectionState = "connecting";
  #stopTimer: () => void;
  #stopKeepalive: () => void = () => {};
  #failures = 0;
  readonly #idle = Promise.withResolvers<void>();

  constructor(network: Wire, address: string) {
    this.#network = network;
    this.#address = address;
    this.localAddress = network.dial();
    network.connected(this);
    this.#stopTimer = network.after(network.latencyMs * 2, () => this.#attempt());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  onChange(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly call = async (call: Call): Promise<Reply> => {
    const path = methodName(call.method);
    if (this.#state !== "ready" || !this.#peer) {
      const reason = `no connection to ${this.#address} (${this.#state})`;
      throw new RpcError(Code.Unavailable, reason, { path, processed: "no" });
    }
    if (Number.isNaN(call.deadline))
      throw new RpcError(Code.InvalidArgument, "the deadline is NaN", { path, processed: "no" });
    const exchange = new Exchange(this.#network, this.#peer, this.localAddress, call);
    this.#inflight.add(exchange);
    if (this.#inflight.size === 1) this.silenced(this.#address);
    void exchange.end.then(() => {
      this.#inflight.delete(exchange);
      this.#leave(exchange.peer);
      if (this.#inflight.size > 0) return;
      this.#stopKeepalive();
      if (this.#state === "closed") this.#idle.resolve();
    });
    return exchange.reply;
  };

  abort(reasonOf: (call: Call) => RpcError | undefined): void {
    for (const exchange of this.#inflight) {
      const reason = exchange.replied ? undefined : reasonOf(exchange.call);
      if (reason) exchange.abort(reason);
    }
  }

  async close(graceMs: number): Promise<void> {
    this.#stopTimer();
    this.#become("closed");
    this.#listeners.clear();
    if (this.#inflight.size > 0) {
      const stop = this.#network.after(graceMs, () => this.#cut());
      await this.#idle.promise;
      stop();
    }
    this.#peer?.detach(this);
    this.#network.disconnected(this);
  }

  lost(how: "goaway" | "broken", peer: Peer): void {
    if (how === "broken") {
      for (const exchange of this.#inflight) if (exchange.peer === peer) exchange.broken();
    }
    const wasCurrent = this.#peer === peer;
    if (wasCurrent) this.#peer = undefined;
    if (how === "broken") peer.detach(this);
    else this.#leave(peer);
    if (!wasCurrent) return;
    if (this.#state === "closed") return;
    this.#become("connecting");
    this.#stopTimer();
    this.#stopTimer = this.#network.after(this.#network.latencyMs * 2, () => this.#attempt());
  }

  silenced(address: string): void {
    const peer = this.#peer;
    if (!peer || address !== this.#address || this.#inflight.size === 0) return;
    if (!this.#network.isSilent(address)) return;
    this.#stopKeepalive();
    this.#stopKeepalive = this.#network.after(keepaliveMs, () => {
      if (this.#network.isSilent(address)) this.lost("broken", peer);
    });
  }

  restored(address: string): void {
    if (address === this.#address && this.#state === "failed") this.#retryAfter(0);
  }

  /** A connection lasts as long as its calls, also after a GOAWAY. */
  #leave(peer: Peer): void {
    if (peer === this.#peer) return;
    for (const exchange of this.#inflight) if (exchange.peer === peer) return;
    peer.detach(this);
  }

  #cut(): void {
    const reason = `the connection to ${this.#address} was closed`;
    for (const exchange of this.#inflight)
      exchange.abort(new RpcError(Code.Unavailable, reason, { path: exchange.path }));
  }

  #attempt(): void {
    if (this.#state === "closed") return;
    if (this.#network.isSilent(this.#address)) {
      this.#stopTimer = this.#network.clock.timer(connectTimeoutMs, () => this.#failed());
      return;
    }
    const peer = this.#network.find(this.#address);
    if (!peer?.accepting) return this.#failed();
    this.#peer = peer;
    this.#failures = 0;
    peer.attach(this);
    this.#become("ready");
  }

  #failed(): void {
    this.#become("failed");
    const { firstMs, factor, mostMs, jitter } = backoff;
    const ms = Math.min(mostMs, firstMs * factor ** this.#failures++);
    this.#retryAfter(ms * (1 + jitter * (2 * this.#network.random() - 1)));
  }

  #retryAfter(ms: number): void {
    this.#stopTimer();
    this.#stopTimer = this.#network.after(ms, () => this.#attempt());
  }

  #become(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

/** Reaches addresses of a `MemoryNetwork`. */
export function memoryTransport(network: Wire): Transport {
  return { connect: (instance) => new MemoryConnection(network, instance.address) };
}
