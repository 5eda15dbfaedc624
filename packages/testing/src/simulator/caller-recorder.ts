import { RpcError, type Clock } from "@rollcall/core";
import { ReceiptRecorder, type CallRecord, type StreamRecord } from "../fleet/receipt-recorder.js";
import type { EventLog } from "./event-log.js";

/** A call or stream that the fleet dropped. */
export interface Drop {
  readonly caller: string;
  readonly kind: "call" | "stream";
  /** The last that it went to. */
  readonly instance: string | undefined;
  /** When the call was due, or the stream before was dropped. */
  readonly fromMs: number;
  /**
   * When it last went well. For a stream its last message, or the beginning of its last opening when that used up its
   * timeout: until then it may have been open in silence. The same as `fromMs` for a call.
   */
  readonly wellMs: number;
  readonly toMs: number;
  readonly attempts: number;
  /** `shop.v1.Orders/Put`, if the error says so. */
  readonly method: string | undefined;
  readonly text: string;
}

/** Writes one caller's calls and streams to the receipt of all, and what is out of the ordinary to the log. */
export class CallerRecorder extends ReceiptRecorder {
  readonly drops: Drop[] = [];
  /** When a stream last showed that it lives. */
  lastMessageMs = 0;
  readonly #caller: string;
  readonly #shared: ReceiptRecorder;
  readonly #clock: Clock;
  readonly #log: EventLog;
  readonly #timeoutMs: number;
  /** When the one before it was dropped: one that never opened has no beginning of its own. */
  #streamSinceMs = 0;

  /** @param timeoutMs of the opening of a stream */
  constructor(caller: string, shared: ReceiptRecorder, clock: Clock, log: EventLog, timeoutMs: number) {
    super(clock);
    this.#timeoutMs = timeoutMs;
    this.#caller = caller;
    this.#shared = shared;
    this.#clock = clock;
    this.#log = log;
  }

  override get stepName(): string {
    return this.#shared.stepName;
  }

  override record(call: CallRecord): void {
    this.#shared.record(call);
    const { outcome, instance, attempts = 1, error, latencyMs } = call;
    const at = instance ? ` at ${instance}` : "";
    if (outcome === "dropped") {
      this.#log.add(this.#caller, `call dropped after ${attempts} attempts${at}: ${textOf(error)}`);
      this.#drop("call", instance, this.#clock.now() - latencyMs, attempts, error);
    } else if (outcome !== "ok") {
      this.#log.add(this.#caller, `call ended with ${outcome}${at}: ${textOf(error)}`);
    } else if (attempts > 1) {
      this.#log.add(this.#caller, `call answered after ${attempts} attempts${at}`);
    }
  }

  override stream(record: StreamRecord): void {
    this.#shared.stream(record);
    const { event, instance, error } = record;
    const nowMs = this.#clock.now();
    if (event === "dropped") {
      this.#drop("stream", instance, this.#streamSinceMs, 1, error);
      this.#streamSinceMs = nowMs;
    }
    if (event === "messages") {
      this.lastMessageMs = nowMs;
      return;
    }
    const why = event === "dropped" ? `: ${textOf(error)}` : "";
    this.#log.add(this.#caller, `stream ${event}${instance ? ` at ${instance}` : ""}${why}`);
  }

  #drop(
    kind: Drop["kind"],
    instance: string | undefined,
    fromMs: number,
    attempts: number,
    error: unknown,
  ): void {
    const method = error instanceof RpcError && error.path ? error.path : undefined;
    const toMs = this.#clock.now();
    const wellMs = kind === "stream" ? Math.max(fromMs, this.lastMessageMs, toMs - this.#timeoutMs) : fromMs;
    const { drops } = this;
    const text = textOf(error);
    drops.push({ caller: this.#caller, kind, instance, fromMs, wellMs, toMs, attempts, method, text });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
