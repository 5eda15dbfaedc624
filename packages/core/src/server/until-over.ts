import type { ServerCallContext } from "../call/call.js";

/** Waits until the caller is gone or the server drains, and fails then: a stream without an end must not hold the server up. */
export async function untilOver<T>(
  ctx: ServerCallContext,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const drained = (): void => over.abort(ctx.draining.reason);
  ctx.draining.throwIfAborted();
  ctx.draining.addEventListener("abort", drained, { once: true });
  const uncancel = ctx.onCancel((reason) => over.abort(reason));
  try {
    return await wait(over.signal);
  } finally {
    uncancel();
    ctx.draining.removeEventListener("abort", drained);
  }
}
