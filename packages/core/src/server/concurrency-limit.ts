import type { Call, Handler, Interceptor, Reply } from "../call/call.js";
import { whenEnded } from "../call/when-ended.js";
import type { Clock } from "../ports/clock.js";
import { isExempt } from "./exempt.js";
import type { Shed } from "./shed.js";

/** What callers are told to wait, in milliseconds: about a call's time. */
const waitMs = 50;

/** How long a handler still counts that goes on after its call was cancelled, in milliseconds. */
const lingerMs = 30_000;

/**
 * Refuses calls above `most` at once; 0 lets all in. A call counts until its reply has ended. One that was cancelled
 * counts until its handler ends too, for up to 30 s: else callers who open calls and cancel them at once (the rapid reset
 * attack) would have any number of handlers at work.
 */
export function concurrencyLimit(
  most: number,
  env: { readonly clock: Clock; readonly shed: Shed },
): Interceptor {
  let running = 0;
  const limited = async (call: Call, next: Handler): Promise<Reply> => {
    if (running >= most)
      throw env.shed.refuse(
        call,
        "concurrency",
        `${most} calls are under way, the most this server takes`,
        waitMs,
      );
    running++;
    let left = false;
    let stopTimer = (): void => {};
    const leave = (): void => {
      if (left) return;
      left = true;
      running--;
      stopTimer();
    };
    call.onCancel(() => {
      if (!left) stopTimer = env.clock.timer(lingerMs, leave);
    });
    try {
      const reply = await next(call);
      whenEnded(reply, leave);
      return reply;
    } catch (error) {
      leave();
      throw error;
    }
  };
  return (next) => (call) => (most === 0 || isExempt(call.method) ? next(call) : limited(call, next));
}
