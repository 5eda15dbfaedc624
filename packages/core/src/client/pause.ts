import type { Call } from "../call/call.js";
import type { Clock } from "../ports/clock.js";

/** Waits, or rejects with the reason when the call is cancelled first. */
export function pause(clock: Clock, ms: number, call: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = clock.timer(ms, () => {
      uncancel();
      resolve();
    });
    const uncancel = call.onCancel((reason) => {
      stop();
      reject(reason);
    });
  });
}
