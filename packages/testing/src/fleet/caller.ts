import { isKind } from "./process.js";
import type { ReceiptData } from "./receipt-parts.js";
import { createReceipt, type ReceiptRecorder } from "./receipt-recorder.js";
import { recordedLoop, type RecordedLoopOptions } from "./recorded-loop.js";
import type { Tally } from "./tally.js";

/** What a caller process tells the runner a few times a second. */
export interface ProgressMessage {
  readonly rollcall: "progress";
  readonly totals: Tally;
  readonly byInstance: Readonly<Record<string, Tally>>;
  readonly inFlight: number;
}

/** What it tells at the end. */
export interface ReceiptMessage {
  readonly rollcall: "receipt";
  readonly data: ReceiptData;
  /** How long the loop ran. */
  readonly durationMs: number;
  /** The longest that a call was made after it was due. */
  readonly maxLateMs: number;
}

/** What the runner tells a caller process. */
export type RunnerMessage =
  | { readonly rollcall: "step"; readonly name: string; readonly outage: boolean }
  | { readonly rollcall: "finish" };

/** What a caller process calls, and how often. */
export interface CallerOptions extends Pick<
  RecordedLoopOptions,
  "ratePerSecond" | "durationMs" | "call" | "classify"
> {
  /** Runs beside the loop until its signal, for streams: see `keepStream`. Started before the first call. */
  beside?(recorder: ReceiptRecorder, signal: AbortSignal): Promise<unknown>;
  /** Between two reports to the runner. Default 250. */
  readonly progressEveryMs?: number | undefined;
}

/**
 * The main part of a caller process: makes calls at a steady rate, follows the runner's steps (`start` until it names
 * one), reports to it, and ends
 * with the receipt, when the runner says so, on SIGTERM or SIGINT, or after `durationMs`. Returns the receipt so far for
 * a process without a runner. See `startCaller` for the other side.
 */
export async function runCaller(options: CallerOptions): Promise<ReceiptRecorder> {
  const { beside, progressEveryMs = 250, call, ...loop } = options;
  const recorder = createReceipt();
  recorder.step("start");
  const ending = new AbortController();
  const streamsEnding = new AbortController();
  const finish = (): void => ending.abort();
  let inFlight = 0;

  const heard = (message: unknown): void => {
    if (isKind(message, "finish")) finish();
    if (!isKind(message, "step")) return;
    const { name, outage } = message as RunnerMessage & { rollcall: "step" };
    recorder.step(name, { outage });
    tell({ rollcall: "step", name });
  };
  const counted: RecordedLoopOptions["call"] = async (n, notes) => {
    inFlight++;
    try {
      return await call(n, notes);
    } finally {
      inFlight--;
    }
  };
  process.on("message", heard).once("SIGTERM", finish).once("SIGINT", finish);
  const reports = setInterval(() => {
    const { totals, totalsByInstance: byInstance } = recorder;
    tell({ rollcall: "progress", totals, byInstance, inFlight });
  }, progressEveryMs);
  try {
    const streams = beside?.(recorder, streamsEnding.signal);
    tell({ rollcall: "serving", instance: "caller", address: "" });
    const { durationMs, maxLateMs } = await recordedLoop({
      ...loop,
      recorder,
      signal: ending.signal,
      call: counted,
    });
    streamsEnding.abort();
    await streams;
    tell({ rollcall: "receipt", data: recorder.data(), durationMs, maxLateMs });
    return recorder;
  } finally {
    clearInterval(reports);
    streamsEnding.abort();
    process.off("message", heard).off("SIGTERM", finish).off("SIGINT", finish);
  }
}

function tell(message: object): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
