import { unlessAborted, type Clock, type Lifecycle } from "@rollcall/core";

/** What a part may still do when the time for stopping is up. */
const lastMs = 250;

/**
 * A part of the user's own, held to the contract: it is stopped only if its start was begun, and what it has not
 * finished when the time is up does not keep the others from stopping.
 */
export function userPart(part: Lifecycle, clock: Clock): Lifecycle {
  let begun = false;
  return {
    name: part.name,
    start(signal) {
      begun = true;
      return part.start(signal);
    },
    async stop(signal) {
      if (!begun) return;
      const cut = new AbortController();
      let stopTimer = (): void => {};
      const timeUp = (): void => {
        stopTimer = clock.timer(lastMs, () => cut.abort());
      };
      if (signal.aborted) timeUp();
      else signal.addEventListener("abort", timeUp, { once: true });
      try {
        await unlessAborted(part.stop(signal), cut.signal);
        if (cut.signal.aborted) throw new Error(`${part.name} did not stop in time`);
      } finally {
        stopTimer();
        signal.removeEventListener("abort", timeUp);
      }
    },
  };
}
