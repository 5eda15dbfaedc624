import { systemTimers } from "./timer-queue.js";

/** Time, so that tests own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch, never going back: a monotonic clock, so steps of the wall clock do not show. */
  now(): number;
  /**
   * Calls `fire` once after `ms` (any length; `Infinity` never), or a few milliseconds later; returns its cancellation. It
   * is called outside of any call.
   */
  timer(ms: number, fire: () => void): () => void;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Shorter timers are Node's own: to be late by 4 ms would be much for them. */
const leastQueuedMs = 40;

/** `sleep` for any clock that has timers. */
export function sleepOn(clock: Pick<Clock, "timer">, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const aborted = (): void => {
      stop();
      reject(signal?.reason as Error);
    };
    const stop = clock.timer(ms, () => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    });
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

function timer(ms: number, fire: () => void): () => void {
  if (ms === Infinity) return () => {};
  if (ms >= leastQueuedMs) return systemTimers.add(ms, fire);
  const handle = setTimeout(fire, Math.max(0, ms));
  return () => clearTimeout(handle);
}

const { timeOrigin } = performance;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => timeOrigin + performance.now(),
  timer,
  sleep: (ms, signal) => sleepOn({ timer }, ms, signal),
};
