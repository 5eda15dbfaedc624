import type { Clock } from "@rollcall/core";
import { createBackoff } from "../backoff.js";
import type { FaultLog } from "../fault-log.js";

/** What loops need of the world. */
export interface Environment {
  readonly clock: Clock;
  readonly random: () => number;
}

/** Repeats `attempt` with full jitter up to 2 s until it succeeds; rejects only with the signal's reason. */
export async function retry<T>(
  attempt: () => Promise<T>,
  { clock, random }: Environment,
  faults: FaultLog,
  signal: AbortSignal,
): Promise<T> {
  const backoff = createBackoff({ random });
  for (;;) {
    signal.throwIfAborted();
    try {
      const answer = await orAborted(attempt(), signal);
      faults.recovered();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      faults.failed(error);
      await clock.sleep(backoff.next(), signal);
    }
  }
}

/** The promise, or the signal's reason when that comes first: etcd3's calls cannot be cancelled. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      promise.catch(() => {});
      return reject(signal.reason as Error);
    }
    const aborted = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", aborted, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
