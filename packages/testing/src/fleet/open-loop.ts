import { systemClock, type Clock } from "@rollcall/core";

/** One call of an open loop, when it has ended. */
export type Shot<T> = {
  /** 0 for the first call. */
  readonly n: number;
  /** When the call was due, by the clock; not when it was made. */
  readonly intendedMs: number;
  /** From the intended start to the end, so that a caller that was late counts its own delay. */
  readonly latencyMs: number;
} & ({ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown });

/** Which calls are due when. */
export interface OpenLoopOptions<T> {
  /** Above 0. Calls are due at exact intervals from the start, whatever the answers do. */
  readonly ratePerSecond: number;
  /** Default: until the signal. */
  readonly durationMs?: number | undefined;
  /** Ends the schedule; calls that were due by then are still made. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  call(n: number, intendedMs: number): Promise<T>;
  /** Called once per call, when it has ended. */
  settled?(shot: Shot<T>): void;
}

/** What an open loop did. */
export interface OpenLoopResult {
  /** Made, and ended: `ceil(rate x time)`. */
  readonly calls: number;
  /** The longest that a call was made after it was due: the caller's own stalls. */
  readonly maxLateMs: number;
  /** From the first due call to the end of the schedule. */
  readonly durationMs: number;
}

/**
 * Makes calls at a fixed rate, however slow the answers are, and measures each from the moment it was due. After a stall of
 * the event loop all calls that became due are made at once, so none is missing.
 *
 * Source: "coordinated omission", Gil Tene, How NOT to Measure Latency; as in wrk2, https://github.com/giltene/wrk2
 *
 * @returns when every call has ended
 */
export async function openLoop<T>(options: OpenLoopOptions<T>): Promise<OpenLoopResult> {
  const { ratePerSecond, durationMs = Infinity, signal, clock = systemClock, call, settled } = options;
  if (!(ratePerSecond > 0)) throw new RangeError(`ratePerSecond must be above 0, not ${ratePerSecond}`);
  if (durationMs === Infinity && !signal) throw new RangeError("an open loop needs durationMs or a signal");

  const startMs = clock.now();
  const dueAt = (n: number): number => startMs + (n * 1000) / ratePerSecond;
  const last = Math.ceil((durationMs * ratePerSecond) / 1000);
  const running = new Set<Promise<void>>();
  let maxLateMs = 0;
  let next = 0;

  const make = async (n: number, intendedMs: number): Promise<void> => {
    const result = await attempt(() => call(n, intendedMs));
    settled?.({ n, intendedMs, latencyMs: clock.now() - intendedMs, ...result });
  };
  const makeDue = (): void => {
    for (const now = clock.now(); next < last && dueAt(next) <= now; next++) {
      maxLateMs = Math.max(maxLateMs, now - dueAt(next));
      const one = make(next, dueAt(next)).finally(() => running.delete(one));
      running.add(one);
    }
  };

  await new Promise<void>((resolve) => {
    let stopTimer = (): void => {};
    const end = (): void => {
      stopTimer();
      signal?.removeEventListener("abort", aborted);
      resolve();
    };
    const aborted = (): void => {
      makeDue();
      end();
    };
    const tick = (): void => {
      makeDue();
      if (next >= last) return end();
      stopTimer = clock.timer(dueAt(next) - clock.now(), tick);
    };
    if (signal?.aborted) return end();
    signal?.addEventListener("abort", aborted, { once: true });
    tick();
  });

  const endMs = clock.now();
  while (running.size > 0) await Promise.all(running);
  return { calls: next, maxLateMs, durationMs: endMs - startMs };
}

type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

async function attempt<T>(call: () => Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    return { ok: false, error };
  }
}
