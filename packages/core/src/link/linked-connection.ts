import type { Logger } from "pino";
import type { Call, Reply } from "../call/call.js";
import { endedByDrain } from "../call/drain.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Hello } from "../gen/rollcall/link/v1/link.js";
import type { Clock } from "../ports/clock.js";
import type { ConnectionState } from "../ports/endpoint.js";
import type { ServiceInstance } from "../ports/registry.js";
import type { Connection } from "../ports/transport.js";
import { laneFeature } from "../lane/lane-protocol.js";
import { isViolation } from "../lane/violation.js";
import { CallerLink } from "./caller-link.js";
import { linkPath, linkVersion } from "./link-protocol.js";
import { StreamCalls } from "./stream-calls.js";

/** What a connection with a link works with. */
export interface LinkEnv {
  readonly clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  readonly logger: Logger;
  /** Tells this process from other callers. */
  readonly caller: string;
  /** The name of the app that calls, for the logs of those it calls. Default none. */
  readonly app?: string | undefined;
  /** Whether unary calls go over the link where the server takes them so. Default true. */
  readonly lane?: boolean | undefined;
  /** How long the process looks for the next answer on a lane before it sleeps, in microseconds; 0 for never. Default 300. */
  readonly busyPollUs?: number | undefined;
  /** How long a server may take to say hello, and to open its lane after that, in milliseconds. Default 2 000. */
  readonly helloTimeoutMs?: number | undefined;
}

/** What a stranger says of itself may be anything. */
const longestReason = 256;

const defaultHelloTimeoutMs = 2_000;

/** Between attempts at a link, 20 % either way; gRPC's connection backoff with a shorter end. */
const backoff = { firstMs: 100, factor: 1.6, mostMs: 5_000, jitter: 0.2 };

/**
 * A connection that is `ready` only once its server has said, over a link, that it is the run of the instance that the
 * registry meant, and has opened its lane if it promised one: the calls that have waited for it are many. A drain makes it
 * `draining`, for as long as the connection lasts. A link that breaks alone is opened again and changes nothing, unless
 * another server answers it.
 */
export class LinkedConnection implements Connection {
  readonly #inner: Connection;
  readonly #instance: ServiceInstance;
  readonly #env: LinkEnv;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  #state: ConnectionState;
  #link: CallerLink | undefined;
  /** That one, and those before it on which calls are still under way. */
  readonly #links = new Set<CallerLink>();
  readonly #streams: StreamCalls;
  /** What the server of this connection last said of itself. */
  #hello: Hello | undefined;
  /** The server of this connection is the one meant. */
  #verified = false;
  #failures = 0;
  /** Something was wrong with the lane: this connection has none any more. */
  #laneBroken = false;
  #logged: string | undefined;
  #stopTimer: () => void = () => {};

  constructor(inner: Connection, instance: ServiceInstance, env: LinkEnv) {
    this.#inner = inner;
    this.#instance = instance;
    this.#env = env;
    this.#state = inner.state === "ready" ? "connecting" : inner.state;
    this.#streams = new StreamCalls({
      begin: (call) => inner.call(call),
      maxStreams: () => inner.maxStreams,
      idle: () => this.#dropIfIdle(),
    });
    inner.onChange((state) => this.#innerChanged(state));
    if (inner.state === "ready") this.#open();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Whether unary calls go over the link. */
  get hasLane(): boolean {
    return this.#link?.lane?.isOpen ?? false;
  }

  /** Calls under way that do not go over the link. */
  get inflight(): number {
    return this.#streams.size;
  }

  onChange(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly call = (call: Call): Promise<Reply> => {
    if (this.#state !== "ready") return Promise.reject(this.#notSent(call));
    return this.#link?.lane?.send(call) ?? this.#streams.call(call);
  };

  abort(reason: (call: Call) => RpcError | undefined): void {
    this.#streams.refuse((call) => this.#notSent(call, "it has stopped answering"));
    for (const link of this.#links) link.lane?.abort(reason);
    this.#inner.abort?.((call) => (call.method.path === linkPath ? undefined : reason(call)));
  }

  /**
   * Not when the server has said that it is another run: then the address may lead to the one before for a while. Nor when
   * it was asked and did not say: a connection anew finds out whether anybody is there.
   */
  moveTo(instance: ServiceInstance): LinkedConnection | undefined {
    const hello = this.#hello;
    const mayBeThere = hello ? names(hello, instance) : this.#failures === 0;
    if (instance.address !== this.#instance.address || !mayBeThere) return undefined;
    const inner = this.#inner.moveTo?.(instance);
    return inner && new LinkedConnection(inner, instance, this.#env);
  }

  ping(signal: AbortSignal): Promise<void> {
    if (this.#link && this.#verified) return this.#link.ping(signal);
    return Promise.reject(new RpcError(Code.Unavailable, `no link to ${this.#instance.id}`));
  }

  async close(graceMs: number): Promise<void> {
    this.#stopTimer();
    this.#become("closed");
    this.#listeners.clear();
    // A link is a call to what is below, and would keep it open; while others are in flight the server still needs it.
    this.#dropIfIdle();
    await this.#inner.close(graceMs);
    this.#drop();
  }

  #notSent({ method }: Call, why: string = this.#state): RpcError {
    const { id, address } = this.#instance;
    const reason = `no connection to ${id} at ${address} (${why})`;
    return new RpcError(Code.Unavailable, reason, { path: methodName(method), processed: "no" });
  }

  #dropIfIdle(): void {
    if (this.#state !== "closed" || this.#streams.size > 0 || this.#link?.lane?.underWay) return;
    this.#drop();
  }

  #innerChanged(state: ConnectionState): void {
    if (this.#state === "closed") return;
    this.#stopTimer();
    this.#drop();
    this.#hello = undefined;
    this.#verified = false;
    this.#laneBroken = false;
    this.#failures = 0;
    if (state === "ready") this.#open();
    else this.#become(state);
  }

  #open(): void {
    const {
      clock,
      caller,
      app = "",
      helloTimeoutMs = defaultHelloTimeoutMs,
      lane = true,
      busyPollUs,
    } = this.#env;
    const hasLane = lane && !this.#laneBroken && this.#instance.features.includes(laneFeature);
    const hello = { version: linkVersion, caller, app, ...(hasLane && { features: [laneFeature] }) };
    this.#stopTimer = clock.timer(helloTimeoutMs, () => {
      this.#drop();
      this.#broken(`it did not say hello within ${helloTimeoutMs} ms`);
    });
    const events = {
      hello: (theirs: Hello) => this.#greeted(theirs),
      laneOpened: () => this.#usable(),
      drain: () => this.#drained(),
      ended: (error: RpcError | undefined) => this.#ended(error),
      idle: () => this.#dropIfIdle(),
      closed: () => void this.#links.delete(link),
    };
    const link = new CallerLink(this.#inner, hello, events, { clock, busyPollUs });
    this.#link = link;
    this.#links.add(link);
  }

  #greeted(hello: Hello): void {
    const { service } = this.#instance;
    this.#stopTimer();
    this.#hello = hello;
    if (!names(hello, this.#instance))
      return this.#refuse(`${hello.instance} (${hello.incarnation}) of ${hello.app} answered`);
    if (!hello.services.includes(service)) return this.#refuse(`it does not serve ${service}`);
    this.#verified = true;
    this.#failures = 0;
    this.#logged = undefined;
    if (!this.#link?.awaitsLane) return this.#usable();
    const { clock, helloTimeoutMs = defaultHelloTimeoutMs } = this.#env;
    this.#stopTimer = clock.timer(helloTimeoutMs, () => this.#usable());
  }

  #usable(): void {
    this.#stopTimer();
    if (this.#state !== "draining") this.#become("ready");
  }

  #drained(): void {
    this.#stopTimer();
    this.#become("draining");
  }

  #ended(error: RpcError | undefined): void {
    this.#stopTimer();
    this.#link = undefined;
    if (this.#state === "draining" || this.#state === "closed") return;
    if (error?.code === Code.Unimplemented) return this.#refuse("it has no link");
    if (error && isViolation(error)) this.#distrustLane(error);
    // Servers end links when they stop, and only then.
    const over = error === undefined || endedByDrain(error);
    if (over && this.#verified) this.#become("draining");
    else this.#broken(error ? `its link failed: ${error.reason}` : "it ended its link");
  }

  /** What lives and is somebody else, or cannot say who it is, gets no call. */
  #refuse(reason: string): void {
    this.#verified = false;
    this.#drop();
    this.#broken(reason);
  }

  #broken(reason: string): void {
    if (this.#state === "closed") return;
    const { firstMs, factor, mostMs, jitter } = backoff;
    const ms = Math.min(mostMs, firstMs * factor ** this.#failures++);
    const jittered = ms * (1 + jitter * (2 * this.#env.random() - 1));
    this.#stopTimer = this.#env.clock.timer(jittered, () => this.#open());
    if (this.#verified) return;
    this.#log(reason);
    this.#become("failed");
  }

  #distrustLane({ reason }: RpcError): void {
    this.#laneBroken = true;
    const { id, service, address } = this.#instance;
    this.#env.logger.warn(
      { service, instance: id, address, reason: reason.slice(0, longestReason) },
      "calls to the instance go without a lane: it was broken",
    );
  }

  /** Calls that are under way on a lane go on, as others do. */
  #drop(): void {
    this.#link?.retire();
    this.#link = undefined;
  }

  #log(why: string): void {
    const reason = why.slice(0, longestReason);
    if (reason === this.#logged) return;
    this.#logged = reason;
    const { id, service, incarnation, address } = this.#instance;
    const fields = { service, instance: id, incarnation, address, reason };
    this.#env.logger.warn(fields, "instance not used: its address is not answered by it");
  }

  /** Last of what is done: who is told of it may close the connection. */
  #become(state: ConnectionState): void {
    if (state === this.#state || this.#state === "closed") return;
    this.#state = state;
    if (state !== "ready") this.#streams.refuse((call) => this.#notSent(call));
    for (const listener of this.#listeners) listener(state);
  }
}

function names(hello: Hello, { id, incarnation }: ServiceInstance): boolean {
  return hello.instance === id && hello.incarnation === incarnation;
}
