import type { ConnectionState, Endpoint } from "../ports/endpoint.js";
import type { ServiceInstance } from "../ports/registry.js";
import type { Connection } from "../ports/transport.js";
import type { HangWatch } from "./hang-watch.js";
import { Stats } from "./stats.js";

/** A newcomer begins with this share of its weight: Envoy's and gRFC A100's figure. */
const slowStartFrom = 0.1;

/** One run of one instance, as a cluster holds it. */
export class ClusterEndpoint implements Endpoint {
  instance: ServiceInstance;
  /** Its weight in whatever subset it is in: the registered one unless a policy says otherwise. */
  weight: number;
  readonly transport: Connection;
  readonly stats: Stats = new Stats();
  /** Ends the cluster's interest in the connection's changes. */
  unwatch: () => void = () => {};
  /** Absent until it is a member. */
  watch: HangWatch | undefined;
  /** Since when it is missing from the registry without having said goodbye. */
  suspectSinceMs: number | undefined;
  readonly #slowStart: { readonly fromMs: number; readonly windowMs: number } | undefined;

  constructor(
    instance: ServiceInstance,
    transport: Connection,
    slowStart?: { fromMs: number; windowMs: number },
  ) {
    this.instance = instance;
    this.weight = instance.weight;
    this.transport = transport;
    this.#slowStart = slowStart;
  }

  /** Its process has stopped answering. */
  get hung(): boolean {
    return this.watch?.hung ?? false;
  }

  get connection(): ConnectionState {
    return this.transport.state;
  }

  /** Linear from 10 % to all of the weight over the slow start window. */
  weightAt(nowMs: number): number {
    const { weight } = this;
    if (!this.#slowStart) return weight;
    const passed = (nowMs - this.#slowStart.fromMs) / this.#slowStart.windowMs;
    return passed >= 1 ? weight : weight * Math.max(slowStartFrom, passed);
  }
}

/** What tells one run of one instance from another. */
export function runOf(instance: ServiceInstance): string {
  return `${instance.id} ${instance.incarnation} ${instance.address}`;
}
