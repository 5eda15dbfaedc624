import type { StreamTally, Tally } from "./tally.js";

/** What one instance, seen from the callers, did. A call counts for the instance that its last attempt went to. */
export interface InstanceReceipt extends Tally {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly streams: StreamTally;
  /** Requests its handlers ran, as the server itself counted. */
  readonly served: number;
  /** Of these, requests that a handler of any instance had run before. */
  readonly duplicates: number;
}

/** What became of the calls made while the fleet did one thing. */
export interface StepReceipt extends Tally {
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedMs: number;
  readonly durationMs: number;
  readonly maxMs: number;
  /** The longest time without an answer of a service. */
  readonly gapMs: number;
  readonly streamsDropped: number;
  /** True when nobody could serve for a while on purpose, as in a restart of all instances at once. */
  readonly outage: boolean;
}

/** A dropped call or stream, explained. */
export interface Dropped {
  readonly kind: "call" | "stream";
  /** What the fleet was doing when the call was due, or when the stream broke. */
  readonly step: string;
  readonly instance: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** From the moment the call was due; 0 for a stream. */
  readonly latencyMs: number;
  readonly error: string;
}

/** What a fleet did to its callers. Latencies are measured from the moment a call was due. */
export interface Receipt extends Tally {
  readonly streams: StreamTally;
  /** Requests that handlers ran more than once, counted by the servers. */
  readonly duplicates: number;
  readonly restarts: number;
  readonly kills: number;
  /** Outside outage steps, as are `p99Ms` and `maxMs`. Percentiles are within 0.1 %. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** The longest time without an answer of a service in outage steps; 0 without such a step. */
  readonly gapMs: number;
  readonly perInstance: Readonly<Record<string, InstanceReceipt>>;
  readonly steps: readonly StepReceipt[];
  /** The first dropped calls and streams, up to 20. */
  readonly firstDropped: readonly Dropped[];
}

/** Under this name stand calls that never got to an instance. */
export const noInstance = "(none)";
