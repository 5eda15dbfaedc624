import type { ServiceInstance } from "./registry.js";

/**
 * - `connecting`: not usable yet;
 * - `ready`: takes calls;
 * - `draining`: its server will stop: calls in flight go on, it takes no new ones;
 * - `failed`: refused, silent, broken or answered by another server; it is tried again with backoff and jitter;
 * - `closed`: for good.
 */
export type ConnectionState = "connecting" | "ready" | "draining" | "failed" | "closed";

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
  /** The weight in force: the instance's, or a policy's; less while it slow-starts. 0 or more. */
  weightAt(nowMs: number): number;
  readonly stats: EndpointStats;
}
