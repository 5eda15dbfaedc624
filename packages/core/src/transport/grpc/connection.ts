import { connectivityState, Channel, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import type { Call, Reply } from "../../call/call.js";
import { Code } from "../../code.js";
import { methodName } from "../../contract/contract.js";
import { RpcError } from "../../errors.js";
import type { Clock } from "../../ports/clock.js";
import type { ConnectionState } from "../../ports/endpoint.js";
import type { Connection } from "../../ports/transport.js";
import { sendCall } from "./client-call.js";

export interface ConnectionEnv {
  readonly clock: Clock;
  random(): number;
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
  /** A peer that accepts and stays silent is given up after this long. */
  readonly connectTimeoutMs: number;
}

/** grpc-js gives an unreachable peer 100 ms to 1 s between attempts; a silent one gets the same. */
const silentBackoffMs = { first: 100, most: 5_000 };

/** The longest deadline grpc-js' timers and other implementations' timeout headers take without overflow. */
const longestGrpcTimeoutMs = 2 ** 31 - 1;

/** One grpc-js channel to one address, kept connected until closed. */
export class GrpcConnection implements Connection {
  readonly #target: string;
  readonly #env: ConnectionEnv;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  #state: ConnectionState = "connecting";
  #channel: Channel | undefined;
  #stopTimer: () => void = () => {};
  #silences = 0;
  #inflight = 0;
  #idle: (() => void) | undefined;

  constructor(target: string, env: ConnectionEnv) {
    this.#target = target;
    this.#env = env;
    this.#open();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  onChange(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly call = async (call: Call): Promise<Reply> => {
    const channel = this.#channel;
    if (!channel || this.#state === "closed") {
      const reason = `no connection to ${this.#target} (${this.#state})`;
      throw new RpcError(Code.Unavailable, reason, { path: methodName(call.method), processed: "no" });
    }
    this.#inflight++;
    try {
      const reply = await sendCall(channel, call, this.#grpcDeadline(call));
      void reply.end.then(() => this.#settled());
      return reply;
    } catch (error) {
      this.#settled();
      throw error;
    }
  };

  async close(graceMs: number): Promise<void> {
    if (this.#state === "closed") return;
    this.#become("closed");
    this.#listeners.clear();
    this.#stopTimer();
    if (this.#inflight > 0 && graceMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      const stop = this.#env.clock.timer(graceMs, resolve);
      await promise;
      stop();
    }
    this.#channel?.close();
    this.#channel = undefined;
  }

  /** grpc-js reads deadlines on the wall clock, and overflows on far ones; ours then still ends the call. */
  #grpcDeadline(call: Call): number {
    const left = call.deadline - this.#env.clock.now();
    return left > longestGrpcTimeoutMs ? Infinity : Date.now() + left;
  }

  #settled(): void {
    this.#inflight--;
    if (this.#inflight === 0) this.#idle?.();
  }

  #open(): void {
    const channel = new Channel(this.#target, this.#env.credentials, this.#env.options);
    this.#channel = channel;
    this.#watch(channel);
  }

  #watch(channel: Channel): void {
    if (this.#state === "closed" || channel !== this.#channel) return;
    const seen = channel.getConnectivityState(true);
    this.#observe(seen);
    channel.watchConnectivityState(seen, Infinity, () => this.#watch(channel));
  }

  #observe(seen: connectivityState): void {
    this.#stopTimer();
    switch (seen) {
      case connectivityState.READY:
        this.#silences = 0;
        return this.#become("ready");
      case connectivityState.TRANSIENT_FAILURE:
        return this.#become("failed");
      default:
        // An address that has failed stays failed until it answers.
        if (this.#state === "ready") this.#become("connecting");
        this.#stopTimer = this.#env.clock.timer(this.#env.connectTimeoutMs, () => this.#giveUpSilent());
    }
  }

  #giveUpSilent(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#become("failed");
    const most = Math.min(silentBackoffMs.most, silentBackoffMs.first * 2 ** this.#silences++);
    this.#stopTimer = this.#env.clock.timer(this.#env.random() * most, () => this.#open());
  }

  #become(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
