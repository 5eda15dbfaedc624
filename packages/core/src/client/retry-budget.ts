import type { Clock } from "../ports/clock.js";

/** How many retries a client may make in proportion to its successes. */
export interface RetryBudgetOptions {
  /** Tokens earned by a call that succeeds. Default 0.2: at most one retry per five successes. */
  readonly earn?: number | undefined;
  /** Tokens there from the start, refilled at `refillPerSecond` when spent. Default 10. */
  readonly reserve?: number | undefined;
  /** Default 1. */
  readonly refillPerSecond?: number | undefined;
  /** What successes can save up to. Default 100. */
  readonly most?: number | undefined;
}

/** Ten times 0.2 is a little less than 2. */
const rounding = 1e-9;

/**
 * Bounds retries to a share of successes, so that they cannot multiply an overload. A token bucket after Finagle's
 * RetryBudget, with its minimum as a reserve that refills.
 */
export interface RetryBudget {
  earn(): void;
  /** Takes a token, if there is one. */
  spend(): boolean;
}

export function createRetryBudget(clock: Clock, options: RetryBudgetOptions = {}): RetryBudget {
  const { earn = 0.2, reserve = 10, refillPerSecond = 1, most = 100 } = options;
  let tokens = reserve;
  let refilledAt = clock.now();
  const refill = (): void => {
    const now = clock.now();
    if (tokens < reserve) tokens = Math.min(reserve, tokens + ((now - refilledAt) / 1000) * refillPerSecond);
    refilledAt = now;
  };
  return {
    earn() {
      refill();
      tokens = Math.min(most, tokens + earn);
    },
    spend() {
      refill();
      if (tokens < 1 - rounding) return false;
      tokens = Math.max(0, tokens - 1);
      return true;
    },
  };
}
