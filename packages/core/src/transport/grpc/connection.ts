import { connectivityState, type ChannelOptions } from "@grpc/grpc-js";
import type { Call, Reply } from "../../call/call.js";
import { Code } from "../../code.js";
import { methodName } from "../../contract/contract.js";
import { RpcError } from "../../errors.js";
import { LinkedList, type Link } from "../../collections/linked-list.js";
import type { Logger } from "pino";
import type { Clock } from "../../ports/clock.js";
import type { ConnectionState } from "../../ports/endpoint.js";
import type { ServiceInstance } from "../../ports/registry.js";
import type { Connection } from "../../ports/transport.js";
import { ClientCall } from "./client-call.js";
import { targetOf } from "./target.js";
import { Wire, type WireEnv } from "./wire.js";

export interface ConnectionEnv extends WireEnv {
  readonly clock: Clock;
  random(): number;
  readonly options: ChannelOptions;
  /** A peer that accepts and stays silent is given up after this long. */
  readonly connectTimeoutMs: number;
  readonly logger?: Logger | undefined;
}

/** Between attempts at a silent peer, 20 % either way; gRPC's connection backoff. grpc-js keeps to the same for one that refuses. */
const backoff = { firstMs: 100, factor: 1.6, mostMs: 1_000, jitter: 0.2 };

/** One grpc-js channel to one address, kept connected until closed. */
export class GrpcConnection implements Connection {
  readonly #target: string;
  readonly #env: ConnectionEnv;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #inflight = new LinkedList<ClientCall>();
  readonly #idle = Promise.withResolvers<void>();
  #state: ConnectionState = "connecting";
  #wire: Wire | undefined;
  #stopTimer: () => void = () => {};
  #failures = 0;
  #warned = "";

  /** @param wire another connection's to the target, which this one shares from now on. Default: one of its own */
  constructor(target: string, env: ConnectionEnv, wire?: Wire) {
    this.#target = target;
    this.#env = env;
    if (wire) this.#join(wire);
    else this.#open();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get maxStreams(): number | undefined {
    return this.#wire?.maxStreams;
  }

  onChange(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly call = async (call: Call): Promise<Reply> => {
    const path = methodName(call.method);
    const wire = this.#wire;
    if (!wire || this.#state === "closed") {
      const reason = `no connection to ${this.#target} (${this.#state})`;
      throw new RpcError(Code.Unavailable, reason, { path, processed: "no" });
    }
    if (Number.isNaN(call.deadline)) {
      throw new RpcError(Code.InvalidArgument, "the deadline is NaN", { path, processed: "no" });
    }
    const timeoutMs = call.deadline - this.#env.clock.now();
    if (timeoutMs <= 0) {
      throw new RpcError(Code.DeadlineExceeded, "the deadline has passed", { path, processed: "no" });
    }
    const sent = new ClientCall(wire, call, timeoutMs);
    const link = this.#inflight.add(sent);
    void sent.end.then(() => this.#settled(link));
    return sent.reply;
  };

  abort(reasonOf: (call: Call) => RpcError | undefined): void {
    for (const sent of this.#inflight.values()) {
      const reason = sent.replied ? undefined : reasonOf(sent.call);
      if (reason) sent.abort(reason);
    }
  }

  moveTo({ address }: ServiceInstance): GrpcConnection | undefined {
    const wire = this.#wire;
    const isThere = wire !== undefined && (this.#state === "ready" || wire.accepted);
    if (!isThere || targetOf(address) !== this.#target) return undefined;
    return new GrpcConnection(this.#target, this.#env, wire);
  }

  async close(graceMs: number): Promise<void> {
    this.#become("closed");
    this.#listeners.clear();
    this.#stopTimer();
    if (this.#inflight.size > 0) {
      const stop = this.#env.clock.timer(graceMs, () => this.#cut());
      await this.#idle.promise;
      stop();
    }
    this.#drop();
  }

  #cut(): void {
    const reason = `the connection to ${this.#target} was closed`;
    for (const call of this.#inflight.values())
      call.abort(new RpcError(Code.Unavailable, reason, { path: call.path }));
  }

  #settled(call: Link<ClientCall>): void {
    this.#inflight.remove(call);
    if (this.#state === "closed" && this.#inflight.size === 0) this.#idle.resolve();
  }

  /** A wrong certificate or name is a mistake of somebody's, who would look for it in vain: calls only see "failed". */
  readonly #warn = (error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#state === "closed" || reason === this.#warned) return;
    this.#warned = reason;
    this.#env.logger?.warn({ target: this.#target }, `connection failed: ${reason}`);
  };

  #open(): void {
    const { options } = this.#env;
    // A new channel must not begin again with short pauses where an old one had come to long ones.
    const patient = this.#failures > 0 ? { "grpc.initial_reconnect_backoff_ms": backoff.mostMs } : {};
    this.#use(new Wire(this.#target, { ...options, ...patient }, this.#env, this.#warn));
  }

  #join(wire: Wire): void {
    const { clock, connectTimeoutMs } = this.#env;
    this.#use(wire.share(this.#warn));
    if (this.#state === "ready") return;
    // grpc-js may not tell that this attempt fails: it has told of one before.
    this.#stopTimer();
    this.#stopTimer = clock.timer(connectTimeoutMs, () => this.#giveUpSilent());
  }

  #use(wire: Wire): void {
    this.#wire = wire;
    this.#watch(wire);
  }

  #watch(wire: Wire): void {
    if (this.#state === "closed" || wire !== this.#wire) return;
    const { channel } = wire;
    const seen = channel.getConnectivityState(true);
    this.#observe(seen);
    // Who was told of it may have closed the connection, and grpc-js throws when a closed channel is watched.
    if (wire !== this.#wire) return;
    channel.watchConnectivityState(seen, Infinity, () => this.#watch(wire));
  }

  #observe(seen: connectivityState): void {
    const { clock, connectTimeoutMs } = this.#env;
    this.#stopTimer();
    if (seen !== connectivityState.READY) this.#wire?.disconnected();
    switch (seen) {
      case connectivityState.READY:
        this.#failures = 0;
        this.#wire?.connected();
        return this.#become("ready");
      case connectivityState.TRANSIENT_FAILURE:
        // From here on grpc-js no longer tells when it is connecting, and would wait for a silent peer for ever.
        this.#stopTimer = clock.timer(4 * connectTimeoutMs + backoff.mostMs, () => this.#replace());
        return this.#become("failed");
      default:
        this.#stopTimer = clock.timer(connectTimeoutMs, () => this.#giveUpSilent());
        // An address that has failed stays failed until it answers.
        if (this.#state === "ready") this.#become("connecting");
    }
  }

  #giveUpSilent(): void {
    this.#drop();
    const { firstMs, factor, mostMs, jitter } = backoff;
    const ms = Math.min(mostMs, firstMs * factor ** this.#failures++);
    const jittered = ms * (1 + jitter * (2 * this.#env.random() - 1));
    this.#stopTimer = this.#env.clock.timer(jittered, () => this.#open());
    this.#become("failed");
  }

  #replace(): void {
    this.#failures++;
    this.#drop();
    this.#open();
  }

  #drop(): void {
    const wire = this.#wire;
    this.#wire = undefined;
    wire?.release();
  }

  /** Last of what is done: who is told of it may close the connection, and what is begun after that would never end. */
  #become(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
