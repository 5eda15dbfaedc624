import type { Call } from "../call/call.js";
import type { Code } from "../code.js";
import type { Clock } from "./clock.js";
import type { ServiceInstance } from "./registry.js";
import type { ConnectionState } from "./transport.js";

/** What a caller has seen of an endpoint. */
export interface EndpointStats {
  /** Calls reserved by a pick and not ended yet. */
  readonly inflight: number;
  /** Moving average; 0 before the first answer. */
  readonly latencyMs: number;
  /** Moving average, 0 to 1; 1 before the first answer. Only the server's faults count against it. */
  readonly successRate: number;
}

/** A caller's view of an instance. One object for as long as the id and incarnation live. */
export interface Endpoint {
  readonly instance: ServiceInstance;
  readonly connection: ConnectionState;
  /** The weight in force: the instance's, less while it slow-starts. 0 or more. */
  weightAt(nowMs: number): number;
  readonly stats: EndpointStats;
}

/** How one attempt on an endpoint ended. */
export interface Outcome {
  readonly code: Code;
  readonly latencyMs: number;
}

/** Why no endpoint could be picked; read as part of an error message. */
export interface NoPick {
  readonly reason: string;
}

export interface PickArgs {
  readonly call: Call;
  /** Endpoints this call has already been sent to; avoided while there is another. */
  readonly tried: readonly Endpoint[];
}

/** Chooses an endpoint per call. Stateful: its state outlives a snapshot. */
export interface Balancer {
  /** The endpoints that can take calls now; replaces the view before. */
  update(view: readonly Endpoint[]): void;
  /** Never an endpoint of weight 0. */
  pick(args: PickArgs): Endpoint | NoPick;
  settled?(endpoint: Endpoint, outcome: Outcome): void;
  close(): void;
}

/** Makes balancers of one policy. */
export interface BalancerFactory {
  /** The policy's name in options and variables: `weighted-round-robin`. */
  readonly name: string;
  create(env: { readonly clock: Clock; random(): number }): Balancer;
}

export function isNoPick(picked: Endpoint | NoPick): picked is NoPick {
  return "reason" in picked;
}
