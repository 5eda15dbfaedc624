import type { Call } from "../call/call.js";
import type { Code } from "../code.js";
import type { Processed } from "../errors.js";
import type { Clock } from "./clock.js";
import type { Endpoint } from "./endpoint.js";

/** How one attempt on an endpoint ended. */
export interface Outcome {
  readonly code: Code;
  /** To the end of the answer, or to its headers when it is a stream: how long that goes on says nothing of the endpoint. */
  readonly latencyMs: number;
  /** `no`: the server's application never saw it. */
  readonly processed: Processed;
}

/** Why no endpoint could be picked; read as part of an error message. */
export interface NoPick {
  readonly reason: string;
}

/** What a balancer picks for. */
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

/** Who balances, and with what. */
export interface BalancerEnv {
  readonly clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  /** Where the caller runs; empty when that is not known. */
  readonly zone: string;
  /** Tells this process from other callers. */
  readonly caller: string;
}

/** Makes balancers of one policy. One balancer serves one subset of a service's instances. */
export interface BalancerFactory {
  /** The policy's name in options and variables: `weighted-round-robin`. */
  readonly name: string;
  create(env: BalancerEnv): Balancer;
}

/** Whether a balancer found no endpoint for a call. */
export function isNoPick(picked: Endpoint | NoPick): picked is NoPick {
  return "reason" in picked;
}
