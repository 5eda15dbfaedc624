/** Delays between attempts. */
export interface Backoff {
  /** Milliseconds to wait before the next attempt; its range doubles with each call. */
  next(): number;
  /** After a success: starts over. */
  reset(): void;
}

export interface BackoffOptions {
  /** The range of the first delay. Default 100. */
  readonly firstMs?: number | undefined;
  /** The widest range. Default 2000. */
  readonly longestMs?: number | undefined;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/**
 * Full jitter: each delay is uniform between 0 and a bound that doubles up to `longestMs`, so that clients of one server
 * spread out after it fails (Brooker, "Exponential Backoff And Jitter").
 */
export function createBackoff(options: BackoffOptions): Backoff {
  const { firstMs = 100, longestMs = 2000, random } = options;
  let bound = firstMs;
  return {
    next() {
      const delay = random() * Math.min(bound, longestMs);
      bound = Math.min(bound * 2, longestMs);
      return delay;
    },
    reset() {
      bound = firstMs;
    },
  };
}
