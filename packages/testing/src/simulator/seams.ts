import type {
  Clock,
  Interceptor,
  RegistryBackend,
  ServerTransport,
  Snapshot,
  Transport,
} from "@rollcall/core";

/** One simulated process, as the parts made for it may know it. */
export interface ProcessInfo {
  /** `orders-1`, `caller-2`. */
  readonly name: string;
  /** Of the app that it runs; undefined for a caller. */
  readonly version?: string | undefined;
  /** The process's own: give it to services that wait. */
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Replaces parts of the simulated processes by others: to see what a part of your own does to a rollout, or what a
 * planted bug looks like.
 */
export interface Seams {
  readonly backend?: ((backend: RegistryBackend, process: ProcessInfo) => RegistryBackend) | undefined;
  readonly transport?: ((transport: Transport, process: ProcessInfo) => Transport) | undefined;
  readonly serverTransport?:
    | ((transport: ServerTransport, process: ProcessInfo) => ServerTransport)
    | undefined;
  /** Inside the simulation's own, around every call made. */
  readonly clientInterceptors?: ((process: ProcessInfo) => readonly Interceptor[]) | undefined;
  /** Inside the simulation's own, around every call served. */
  readonly serverInterceptors?: ((process: ProcessInfo) => readonly Interceptor[]) | undefined;
  /** What a watch publishes when it is back in step after it may have missed something. */
  readonly afterReset?: ((before: Snapshot | undefined, read: Snapshot) => Snapshot) | undefined;
}
