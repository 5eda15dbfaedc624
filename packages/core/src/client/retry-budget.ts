import type { Clock } from "../ports/clock.js";

/** How many retries a client may make in proportion to its successes. */
export interface RetryBudgetOptions {
  /** Tokens earned by a call that succeeds. Default 0.2: at most one retry per five successes. */
  readonly earn?: number | undefined;
  /** Tokens there from the start, refilled at `refillPerSecond` when spent. Default 10. */
  readonly reserve?: number | undefined;
  /** Default 1. */
  readonly refillPerSecond?: number | undefined;
  /**
   * For how long what was earned may be spent. Default 4 s: at any rate this is enough for all calls in the hands of an
   * instance that hangs, until it is found out, and too little to double an overload.
   */
  readonly windowMs?: number | undefined;
}

/** Ten times 0.2 is a little less than 2. */
const rounding = 1e-9;
/** The window moves by an eighth. */
const slotCount = 8;

/**
 * Bounds retries to a share of successes, so that they cannot multiply an overload. What it saves grows with the rate of
 * calls, as in Finagle's RetryBudget (a leaky token bucket over a window), with its minimum as a reserve that refills.
 */
export interface RetryBudget {
  earn(): void;
  /** Takes a token, if there is one. */
  spend(): boolean;
}

export function createRetryBudget(clock: Clock, options: RetryBudgetOptions = {}): RetryBudget {
  const { earn = 0.2, reserve = 10, refillPerSecond = 1, windowMs = 4000 } = options;
  const slotMs = windowMs / slotCount;
  /** What was earned and not spent, by the slot of time in which it was earned; the newest is `slot`. */
  const earned = Array.from({ length: slotCount }, () => 0);
  let slot = Math.floor(clock.now() / slotMs);
  let spare = reserve;
  let refilledAt = clock.now();

  const advance = (now: number): void => {
    const current = Math.floor(now / slotMs);
    // A clock that was set back stays in the slot it was in.
    for (let expired = Math.min(current - slot, slotCount); expired > 0; expired--)
      earned[(current - expired + 1) % slotCount] = 0;
    slot = Math.max(slot, current);
  };
  const refill = (now: number): void => {
    spare = Math.min(reserve, spare + (Math.max(0, now - refilledAt) / 1000) * refillPerSecond);
    refilledAt = now;
  };
  /** Takes up to a token from what was earned, the oldest first. */
  const takeEarned = (): number => {
    let taken = 0;
    for (let age = slotCount - 1; age >= 0 && taken < 1; age--) {
      const index = (slot - age + slotCount) % slotCount;
      const part = Math.min(earned[index]!, 1 - taken);
      earned[index]! -= part;
      taken += part;
    }
    return taken;
  };
  return {
    earn() {
      advance(clock.now());
      earned[slot % slotCount]! += earn;
    },
    spend() {
      const now = clock.now();
      advance(now);
      refill(now);
      const saved = earned.reduce((sum, each) => sum + each, 0);
      if (saved + spare < 1 - rounding) return false;
      spare = Math.max(0, spare - Math.max(0, 1 - takeEarned()));
      return true;
    },
  };
}
