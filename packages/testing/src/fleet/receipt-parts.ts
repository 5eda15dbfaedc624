import { Latencies, type LatencyData } from "./latencies.js";
import type { Dropped, InstanceReceipt, StepReceipt } from "./receipt.js";
import {
  addNumbers,
  countCall,
  emptyStreams,
  emptyTally,
  type CallOutcome,
  type StreamTally,
  type Tally,
} from "./tally.js";

interface InstanceData {
  readonly tally: Tally;
  readonly streams: StreamTally;
  readonly latencies: LatencyData;
  readonly served: number;
  readonly duplicates: number;
}

/** All that a recorder knows, for another process' recorder to `add`. JSON. */
export interface ReceiptData {
  readonly latencies: LatencyData;
  readonly restarts: number;
  readonly kills: number;
  readonly instances: Readonly<Record<string, InstanceData>>;
  readonly steps: readonly StepReceipt[];
  readonly firstDropped: readonly Dropped[];
}

/** The counters of one instance. */
export class InstanceRecord {
  readonly tally: ReturnType<typeof emptyTally> = emptyTally();
  readonly streams: ReturnType<typeof emptyStreams> = emptyStreams();
  served = 0;
  duplicates = 0;
  private readonly latencies = new Latencies();

  /** @param latencyMs undefined when it does not count */
  record(outcome: CallOutcome, attempts: number, latencyMs: number | undefined): void {
    countCall(this.tally, outcome, attempts);
    if (latencyMs !== undefined) this.latencies.record(latencyMs);
  }

  add(from: InstanceData): void {
    addNumbers(this.tally, from.tally);
    addNumbers(this.streams, from.streams);
    this.latencies.add(from.latencies);
    this.served += from.served;
    this.duplicates += from.duplicates;
  }

  data(): InstanceData {
    const { tally, streams, latencies, served, duplicates } = this;
    return { tally: { ...tally }, streams: { ...streams }, latencies: latencies.data(), served, duplicates };
  }

  receipt(): InstanceReceipt {
    const { tally, streams, latencies, served, duplicates } = this;
    return { ...tally, ...percentiles(latencies), streams: { ...streams }, served, duplicates };
  }
}

/** The counters of one step. */
export class StepRecord {
  maxMs = 0;
  gapMs = 0;
  durationMs = 0;
  streamsDropped = 0;
  private readonly tally = emptyTally();

  constructor(
    readonly name: string,
    readonly startedMs: number,
    readonly outage: boolean,
  ) {}

  record(outcome: CallOutcome, attempts: number, latencyMs: number): void {
    countCall(this.tally, outcome, attempts);
    this.maxMs = Math.max(this.maxMs, latencyMs);
  }

  add(from: StepReceipt): void {
    const { calls, ok, appErrors, cancelled, dropped, attempts, retried } = from;
    addNumbers(this.tally, { calls, ok, appErrors, cancelled, dropped, attempts, retried });
    this.durationMs = Math.max(this.durationMs, from.durationMs);
    this.maxMs = Math.max(this.maxMs, from.maxMs);
    this.gapMs = Math.max(this.gapMs, from.gapMs);
    this.streamsDropped += from.streamsDropped;
  }

  receipt(): StepReceipt {
    const { name, startedMs, durationMs, maxMs, gapMs, outage, streamsDropped } = this;
    return { name, startedMs, durationMs, outage, ...this.tally, maxMs, gapMs, streamsDropped };
  }
}

/** In ms. */
export function percentiles(of: Latencies): { p50Ms: number; p99Ms: number; maxMs: number } {
  return { p50Ms: of.percentile(50), p99Ms: of.percentile(99), maxMs: of.maxMs };
}
