import { inspect } from "node:util";
import { systemClock, type Clock } from "@rollcall/core";
import { Latencies } from "./latencies.js";
import { InstanceRecord, percentiles, StepRecord, type ReceiptData } from "./receipt-parts.js";
import { noInstance, type Dropped, type Receipt, type StepReceipt } from "./receipt.js";
import {
  addNumbers,
  emptyStreams,
  emptyTally,
  type CallOutcome,
  type StreamEvent,
  type Tally,
} from "./tally.js";

const mostDropped = 20;

/** One call that has ended. */
export interface CallRecord {
  readonly outcome: CallOutcome;
  /** From the moment the call was due. */
  readonly latencyMs: number;
  /** The instance of the last attempt; undefined when there was none. */
  readonly instance?: string | undefined;
  /** How often it was sent. Default 1. */
  readonly attempts?: number | undefined;
  /** The step in which the call was due. Default: the step now. */
  readonly step?: string | undefined;
  /** Why it was dropped. */
  readonly error?: unknown;
}

/** Something that happened to a stream. */
export interface StreamRecord {
  readonly event: StreamEvent;
  readonly instance?: string | undefined;
  /** How many; default 1. */
  readonly count?: number | undefined;
  /** Why it was dropped. */
  readonly error?: unknown;
}

/** Counts calls and streams as they end; made by `createReceipt`. */
export class ReceiptRecorder {
  private readonly instances = new Map<string, InstanceRecord>();
  private readonly steps = new Map<string, StepRecord>();
  private readonly latencies = new Latencies();
  private readonly dropped: Dropped[] = [];
  private current: StepRecord | undefined;
  private stepSinceMs = 0;
  private answeredMs = 0;
  private restarts = 0;
  private kills = 0;

  constructor(private readonly clock: Clock) {}

  /** The step now; `run` when none was begun. */
  get stepName(): string {
    return this.current?.name ?? "run";
  }

  /** All calls so far. */
  get totals(): Tally {
    const sum = emptyTally();
    for (const each of this.instances.values()) addNumbers(sum, each.tally);
    return sum;
  }

  /** Calls so far by instance. */
  get totalsByInstance(): Readonly<Record<string, Tally>> {
    return Object.fromEntries([...this.instances].map(([name, each]) => [name, { ...each.tally }]));
  }

  /**
   * The fleet now does something else; calls due from here on count for it. A name used before goes on there.
   * @param options.outage nobody can serve for a while, on purpose: its latencies are reported apart, as `gapMs`
   */
  step(name: string, options: { readonly outage?: boolean | undefined } = {}): void {
    const now = this.clock.now();
    this.closeStep(now);
    this.current = this.stepNamed(name, options.outage ?? false);
    this.stepSinceMs = now;
    this.answeredMs = now;
  }

  record(call: CallRecord): void {
    const { outcome, latencyMs, attempts = 1 } = call;
    if (!this.current) this.step(this.stepName);
    const step = this.stepNamed(call.step ?? this.stepName);
    const instance = this.instance(call.instance);
    step.record(outcome, attempts, latencyMs);
    instance.record(outcome, attempts, step.outage ? undefined : latencyMs);
    if (!step.outage) this.latencies.record(latencyMs);
    if (outcome === "ok" || outcome === "appError") this.answered();
    if (outcome === "dropped") this.explain("call", call.instance, call.error, step.name, latencyMs);
  }

  stream({ event, instance, count = 1, error }: StreamRecord): void {
    this.instance(instance).streams[event] += count;
    if (event !== "dropped") return;
    this.stepNamed(this.stepName).streamsDropped += count;
    this.explain("stream", instance, error, this.stepName, 0);
  }

  /** What a server says of itself; see `createServedLedger`. */
  served(instance: string, counts: { readonly served: number; readonly duplicates: number }): void {
    const record = this.instance(instance);
    record.served += counts.served;
    record.duplicates += counts.duplicates;
  }

  restarted(): void {
    this.restarts++;
  }

  killed(): void {
    this.kills++;
  }

  data(): ReceiptData {
    this.closeStep(this.clock.now());
    return {
      latencies: this.latencies.data(),
      restarts: this.restarts,
      kills: this.kills,
      instances: Object.fromEntries([...this.instances].map(([name, each]) => [name, each.data()])),
      steps: this.stepReceipts(),
      firstDropped: [...this.dropped],
    };
  }

  /** Adds another recorder's figures: numbers add up, steps and instances of one name become one. */
  add(data: ReceiptData): this {
    this.latencies.add(data.latencies);
    this.restarts += data.restarts;
    this.kills += data.kills;
    for (const [name, from] of Object.entries(data.instances)) this.instance(name).add(from);
    for (const from of data.steps) this.stepNamed(from.name, from.outage, from.startedMs).add(from);
    this.dropped.push(...data.firstDropped);
    this.dropped.sort((a, b) => a.atMs - b.atMs).splice(mostDropped);
    return this;
  }

  receipt(): Receipt {
    this.closeStep(this.clock.now());
    const streams = emptyStreams();
    for (const each of this.instances.values()) addNumbers(streams, each.streams);
    const steps = this.stepReceipts();
    const gaps = steps.filter((step) => step.outage).map((step) => step.gapMs);
    const names = [...this.instances.keys()].toSorted();
    return {
      ...this.totals,
      streams,
      duplicates: [...this.instances.values()].reduce((sum, each) => sum + each.duplicates, 0),
      restarts: this.restarts,
      kills: this.kills,
      ...percentiles(this.latencies),
      gapMs: Math.max(0, ...gaps),
      perInstance: Object.fromEntries(names.map((name) => [name, this.instance(name).receipt()])),
      steps,
      firstDropped: [...this.dropped],
    };
  }

  private stepReceipts(): StepReceipt[] {
    return [...this.steps.values()].map((step) => step.receipt());
  }

  private answered(): void {
    const now = this.clock.now();
    if (this.current) this.current.gapMs = Math.max(this.current.gapMs, now - this.answeredMs);
    this.answeredMs = now;
  }

  private closeStep(now: number): void {
    if (!this.current) return;
    this.current.durationMs += now - this.stepSinceMs;
    this.current.gapMs = Math.max(this.current.gapMs, now - this.answeredMs);
    this.stepSinceMs = now;
  }

  private explain(
    kind: Dropped["kind"],
    instance: string | undefined,
    error: unknown,
    step: string,
    latencyMs: number,
  ): void {
    if (this.dropped.length >= mostDropped) return;
    this.dropped.push({
      kind,
      step,
      instance: instance ?? noInstance,
      atMs: this.clock.now(),
      latencyMs,
      error: textOf(error),
    });
  }

  private instance(name: string = noInstance): InstanceRecord {
    let found = this.instances.get(name);
    if (!found) this.instances.set(name, (found = new InstanceRecord()));
    return found;
  }

  private stepNamed(name: string, outage = false, startedMs: number = this.clock.now()): StepRecord {
    let found = this.steps.get(name);
    if (!found) this.steps.set(name, (found = new StepRecord(name, startedMs, outage)));
    return found;
  }
}

function textOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : inspect(error);
}

/** Begins a receipt. Times are read from `clock`, by default the machine's. */
export function createReceipt(options: { readonly clock?: Clock | undefined } = {}): ReceiptRecorder {
  return new ReceiptRecorder(options.clock ?? systemClock);
}
