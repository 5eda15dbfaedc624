import type { Call, Handler, Interceptor, Reply } from "../call/call.js";
import { whenEnded } from "../call/when-ended.js";
import { LinkedList, type Link } from "../collections/linked-list.js";
import type { Clock } from "../ports/clock.js";
import { isExempt } from "./exempt.js";
import type { Shed } from "./shed.js";

/** What callers are told to wait, in milliseconds: about a call's time. */
const waitMs = 50;

/** How long a handler still counts that goes on after its call was cancelled, in milliseconds. */
const lingerMs = 30_000;

/** A handler that goes on after its call was cancelled. */
interface Lingering {
  readonly sinceMs: number;
  leave(): void;
}

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
  /** Those cancelled first stand first. Looked at when room is wanted: a timer for each would keep a stopped process up. */
  const lingering = new LinkedList<Lingering>();

  const isFull = (): boolean => {
    if (running < most) return false;
    const before = env.clock.now() - lingerMs;
    for (let first = lingering.first; first && first.sinceMs <= before; first = lingering.first)
      first.leave();
    return running >= most;
  };
  const limited = async (call: Call, next: Handler): Promise<Reply> => {
    if (isFull())
      throw env.shed.refuse(
        call,
        "concurrency",
        `${most} calls are under way, the most this server takes`,
        waitMs,
      );
    running++;
    let left = false;
    let link: Link<Lingering> | undefined;
    const leave = (): void => {
      if (left) return;
      left = true;
      running--;
      if (link) lingering.remove(link);
    };
    call.onCancel(() => {
      if (!left) link = lingering.add({ sinceMs: env.clock.now(), leave });
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
