/**
 * How a call ended, as the caller saw it.
 * - `ok`: answered;
 * - `appError`: the handler answered with an error on purpose;
 * - `cancelled`: by the caller itself;
 * - `dropped`: anything else. The fleet's fault.
 */
export type CallOutcome = "ok" | "appError" | "cancelled" | "dropped";

/** `calls = ok + appErrors + cancelled + dropped` and `attempts = calls + retried`, always. */
export interface Tally {
  readonly calls: number;
  readonly ok: number;
  readonly appErrors: number;
  readonly cancelled: number;
  readonly dropped: number;
  readonly attempts: number;
  readonly retried: number;
}

/**
 * What happened to streams, apart from calls. Once all have ended, `opened = completed + dropped`.
 */
export interface StreamTally {
  /** Asked for by the caller. */
  readonly opened: number;
  /** Ended by the server in order, or left by the caller when it had enough. */
  readonly completed: number;
  /** Opened again elsewhere, below the caller's loop, because the server drained. */
  readonly reopened: number;
  /** Broken: the caller's loop threw. */
  readonly dropped: number;
  readonly messages: number;
}

/** What can become of a stream. */
export type StreamEvent = keyof StreamTally;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const fields = {
  ok: "ok",
  appError: "appErrors",
  cancelled: "cancelled",
  dropped: "dropped",
} as const satisfies Record<CallOutcome, keyof Tally>;

export function emptyTally(): Mutable<Tally> {
  return { calls: 0, ok: 0, appErrors: 0, cancelled: 0, dropped: 0, attempts: 0, retried: 0 };
}

export function emptyStreams(): Mutable<StreamTally> {
  return { opened: 0, completed: 0, reopened: 0, dropped: 0, messages: 0 };
}

/** Counts one call. One that found no endpoint before its deadline still counts one attempt. */
export function countCall(tally: Mutable<Tally>, outcome: CallOutcome, attempts: number): void {
  const made = Math.max(1, attempts);
  tally.calls++;
  tally[fields[outcome]]++;
  tally.attempts += made;
  tally.retried += made - 1;
}

/** Adds every number of `from` to `into`. */
export function addNumbers<T extends object>(into: { -readonly [K in keyof T]: number }, from: T): void {
  for (const key of Object.keys(into) as (keyof T)[]) into[key] += from[key] as number;
}
