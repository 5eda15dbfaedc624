import type { Clock } from "../ports/clock.js";

/**
 * A promise's outcome, or `undefined` when the signal aborts first. The promise goes on; a late rejection of it is
 * swallowed.
 */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => resolve(undefined);
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

/** A signal that aborts after `ms` or with `parent`, whichever comes first; `release` ends both ties. */
export function boundedSignal(
  clock: Pick<Clock, "timer">,
  ms: number,
  parent?: AbortSignal,
): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const stop = clock.timer(ms, () =>
    controller.abort(new DOMException(`not done within ${ms} ms`, "TimeoutError")),
  );
  const aborted = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) aborted();
  parent?.addEventListener("abort", aborted, { once: true });
  return {
    signal: controller.signal,
    release() {
      stop();
      parent?.removeEventListener("abort", aborted);
    },
  };
}
