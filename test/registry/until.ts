import type { Feed } from "@rollcall/core";

/**
 * Resolves with the first value of a feed that fits and how long it took; rejects after `withinMs` with the last value seen.
 */
export async function until<T>(
  feed: Feed<T>,
  fits: (value: T) => boolean,
  withinMs: number = 5000,
): Promise<{ value: T; tookMs: number }> {
  const startedAt = performance.now();
  const late = AbortSignal.timeout(Math.ceil(withinMs));
  let value = feed.current;
  while (value === undefined || !fits(value)) {
    try {
      value = await feed.next(value, late);
    } catch (error) {
      if (!late.aborted) throw error;
      throw new Error(`not within ${withinMs} ms; last seen: ${JSON.stringify(value)}`, { cause: error });
    }
  }
  return { value, tookMs: performance.now() - startedAt };
}

/** As `until`, for what can only be asked for. */
export async function untilTrue(
  ask: () => boolean | Promise<boolean>,
  withinMs: number = 10_000,
): Promise<number> {
  const startedAt = performance.now();
  while (!(await ask())) {
    if (performance.now() - startedAt > withinMs)
      throw new Error(`not within ${withinMs} ms: ${ask.toString()}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  return performance.now() - startedAt;
}
