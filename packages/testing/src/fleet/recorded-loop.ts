import { systemClock, type Clock } from "@rollcall/core";
import { classifyError } from "./classify.js";
import { openLoop, type OpenLoopOptions, type OpenLoopResult } from "./open-loop.js";
import { traced, type CallTrace } from "./receipt-interceptor.js";
import type { ReceiptRecorder } from "./receipt-recorder.js";
import type { CallOutcome } from "./tally.js";

/** What is known of a call as it goes, failed or not. `receiptInterceptor` fills it in; a caller without it does so itself. */
export interface CallNotes {
  /** What the fleet is doing now that the call is due. */
  readonly step: string;
  /** Where the last attempt went. */
  instance?: string | undefined;
  /** How often it was sent. */
  attempts?: number | undefined;
}

/** An open loop and the receipt that its calls are written to. */
export interface RecordedLoopOptions extends Omit<OpenLoopOptions<unknown>, "call" | "settled"> {
  readonly recorder: ReceiptRecorder;
  /** Resolves when the call was answered; rejects with its error. */
  call(n: number, notes: CallNotes): Promise<unknown>;
  /** Default `classifyError`. */
  readonly classify?: ((error: unknown) => Exclude<CallOutcome, "ok">) | undefined;
}

/** An open loop whose calls are written to a receipt, under the step in which they were due. */
export async function recordedLoop(options: RecordedLoopOptions): Promise<OpenLoopResult> {
  const { recorder, call, classify = classifyError, ...schedule } = options;
  const open = new Map<number, CallNotes>();
  return await openLoop({
    ...schedule,
    call(n) {
      const notes: CallNotes = { step: recorder.stepName };
      open.set(n, notes);
      return traced(noteInto(notes), () => call(n, notes));
    },
    settled(shot) {
      const { step, instance, attempts } = open.get(shot.n) as CallNotes;
      open.delete(shot.n);
      const outcome = shot.ok ? "ok" : classify(shot.error);
      const error = shot.ok ? undefined : shot.error;
      recorder.record({ outcome, latencyMs: shot.latencyMs, instance, attempts, step, error });
    },
  });
}

function noteInto(notes: CallNotes): CallTrace {
  return {
    answered(_ok, instance, attempts) {
      notes.instance = instance;
      notes.attempts = attempts;
    },
  };
}

/** What a stream tells the receipt, itself or through `receiptInterceptor`. */
export interface StreamNotes {
  /** The server's headers have come: the stream is open, or, when it was already, open again elsewhere. */
  opened(instance: string | undefined): void;
}

/** A stream to keep open, and where its fate is written down. */
export interface KeepStreamOptions {
  readonly recorder: ReceiptRecorder;
  /** Ends the stream, which then counts as completed. */
  readonly signal: AbortSignal;
  /** Opens it; the signal must cancel it. */
  open(notes: StreamNotes, signal: AbortSignal): AsyncIterable<unknown>;
  /** Before a stream that broke or ended is opened anew. Default 100. */
  readonly pauseMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Keeps one stream open until the signal, and writes what happens to it to a receipt. Never rejects. */
export async function keepStream(options: KeepStreamOptions): Promise<void> {
  const { recorder, signal, pauseMs = 100, clock = systemClock } = options;
  while (!signal.aborted) {
    let instance: string | undefined;
    let openings = 0;
    const notes: StreamNotes = {
      opened(at) {
        instance = at;
        recorder.stream({ event: openings++ === 0 ? "opened" : "reopened", instance });
      },
    };
    const trace: CallTrace = {
      answered(ok, at) {
        if (ok) notes.opened(at);
        else instance = at;
      },
    };
    let error: unknown;
    try {
      await traced(trace, async () => {
        for await (const _ of options.open(notes, signal)) recorder.stream({ event: "messages", instance });
      });
    } catch (thrown) {
      error = thrown;
    }
    if (openings === 0) recorder.stream({ event: "opened", instance });
    const broken = error !== undefined && !signal.aborted;
    recorder.stream({ event: broken ? "dropped" : "completed", instance, error });
    await clock.sleep(pauseMs, signal).catch(() => {});
  }
}
