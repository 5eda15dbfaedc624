import type { Call, Reply } from "../call/call.js";
import type { RpcError } from "../errors.js";
import type { ConnectionState } from "../ports/endpoint.js";
import type { ServiceInstance } from "../ports/registry.js";
import type { Connection } from "../ports/transport.js";
import type { LinkedConnection } from "./linked-connection.js";

/** So many calls in flight at once make a connection busy. */
const busyCalls = 16;

/**
 * A connection that is joined by a second one once it is busy with calls that go without a lane. Over one, caller and
 * server mostly wait for each other: what was written in a turn of the event loop is sent at its end, and answered at
 * once. Over two, some calls are made while others are answered.
 *
 * The second takes unary calls alone, while it is ready and has fewer than the first. It has a link of its own: so it is
 * known to lead to the same process, and acknowledges a drain after its own calls. Everything else is the first's.
 */
export class PairedConnection implements Connection {
  readonly #first: LinkedConnection;
  readonly #instance: ServiceInstance;
  readonly #connect: (instance: ServiceInstance) => LinkedConnection;
  #second: LinkedConnection | undefined;

  /** @param connect makes one more connection, without a lane */
  constructor(
    first: LinkedConnection,
    instance: ServiceInstance,
    connect: (instance: ServiceInstance) => LinkedConnection,
  ) {
    this.#first = first;
    this.#instance = instance;
    this.#connect = connect;
  }

  get state(): ConnectionState {
    return this.#first.state;
  }

  /** Whether unary calls go over the link. */
  get hasLane(): boolean {
    return this.#first.hasLane;
  }

  onChange(listener: (state: ConnectionState) => void): () => void {
    return this.#first.onChange(listener);
  }

  readonly call = (call: Call): Promise<Reply> => this.#lessBusy(call).call(call);

  #lessBusy({ method }: Call): LinkedConnection {
    const first = this.#first;
    if (method.kind !== "unary" || first.hasLane) return first;
    const second = this.#second;
    if (second) return second.state === "ready" && second.inflight < first.inflight ? second : first;
    if (first.inflight >= busyCalls && first.state === "ready") this.#second = this.#connect(this.#instance);
    return first;
  }

  abort(reason: (call: Call) => RpcError | undefined): void {
    this.#first.abort(reason);
    this.#second?.abort(reason);
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#first.ping(signal);
  }

  moveTo(instance: ServiceInstance): Connection | undefined {
    const moved = this.#first.moveTo(instance);
    return moved && new PairedConnection(moved, instance, this.#connect);
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([this.#first.close(graceMs), this.#second?.close(graceMs)]);
  }
}
