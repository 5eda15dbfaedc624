import { boundedSignal, type Clock } from "@rollcall/core";

/** What a registry's answer may take. */
export const requestMs = 3_000;

/**
 * Asks a store, which may hang: rejects after `ms`, or when the signal aborts, also where the store ignores its signal.
 * An answer that comes later is lost.
 */
export async function askStore<T>(
  clock: Clock,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
  ms: number = requestMs,
): Promise<T> {
  signal.throwIfAborted();
  const bounded = boundedSignal(clock, ms, signal);
  try {
    return await orAborted(ask(bounded.signal), bounded.signal);
  } finally {
    bounded.release();
  }
}

/** A promise's outcome, or the signal's reason when it aborts first. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error);
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
