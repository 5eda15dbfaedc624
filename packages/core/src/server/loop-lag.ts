import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Interceptor } from "../call/call.js";
import type { Clock } from "../ports/clock.js";
import { isExempt } from "./exempt.js";
import type { Shed } from "./shed.js";

/** How late the event loop is. */
export interface LoopLag {
  /** The median in milliseconds since it was last asked; `undefined` when nothing was measured since. */
  take(): number | undefined;
  /** Ends the measuring. */
  close(): void;
}

const resolutionMs = 20;

/** The lag of this process's event loop. */
export function createLoopLag(): LoopLag {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return {
    take() {
      if (delays.count === 0) return undefined;
      // Delays are from one look to the next, the time between them included.
      const ms = delays.percentile(50) / 1e6 - resolutionMs;
      delays.reset();
      return Math.max(0, ms);
    },
    close: () => delays.disable(),
  };
}

/** Between looks, and what callers are told to wait, in milliseconds. */
const windowMs = 1_000;

/** So many looks above the limit, one after the other, are no pause but overload. */
const looksToShed = 2;

/**
 * Refuses calls while the event loop is late by more than `mostMs`: from the second look above it to the first below half
 * of it. It looks when calls come, a second apart.
 */
export function lagShed(
  mostMs: number,
  lag: LoopLag,
  env: { readonly clock: Clock; readonly shed: Shed },
): Interceptor {
  let lookedAt = -Infinity;
  let late = 0;
  let seenMs = 0;
  let shedding = false;
  const look = (): void => {
    const now = env.clock.now();
    if (now - lookedAt < windowMs) return;
    const ms = lag.take();
    if (ms === undefined) return;
    lookedAt = now;
    seenMs = ms;
    late = ms > mostMs ? late + 1 : 0;
    shedding = shedding ? ms >= mostMs / 2 : late >= looksToShed;
  };
  return (next) => (call) => {
    look();
    if (!shedding || isExempt(call.method)) return next(call);
    const reason = `the event loop is ${Math.round(seenMs)} ms late, above ${mostMs} ms`;
    throw env.shed.refuse(call, "event loop", reason, windowMs);
  };
}
