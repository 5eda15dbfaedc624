import type { Clock } from "@rollcall/core";

/** Gathers changes that come in bursts. */
export interface Coalescer {
  /** Something changed. Flushes at once when nothing was flushed within the window, or when `urgent`; else at the window's end. */
  changed(urgent?: boolean): void;
  /** Drops what is pending. */
  close(): void;
}

export interface CoalescerOptions {
  readonly clock: Pick<Clock, "timer">;
  /** Default 50. */
  readonly windowMs?: number | undefined;
  /** Called at once for the first change, then at most once per window, except for urgent changes. */
  readonly flush: () => void;
}

/** See `Coalescer`. */
export function createCoalescer(options: CoalescerOptions): Coalescer {
  const { clock, windowMs = 50, flush } = options;
  let stop: (() => void) | undefined;
  let pending = false;

  const flushNow = (): void => {
    pending = false;
    stop?.();
    stop = clock.timer(windowMs, () => {
      stop = undefined;
      if (pending) flushNow();
    });
    flush();
  };
  return {
    changed(urgent = false) {
      if (urgent || !stop) flushNow();
      else pending = true;
    },
    close() {
      pending = false;
      stop?.();
      stop = undefined;
    },
  };
}
