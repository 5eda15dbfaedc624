import type { Interceptor } from "../call/call.js";
import { whenEnded } from "../call/when-ended.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";

/** Outermost on a client: cancels a call at its deadline, and ends one whose deadline has passed before it is sent. */
export function deadline(clock: Clock): Interceptor {
  return (next) => async (call) => {
    if (call.cancelReason) throw call.cancelReason;
    if (call.deadline === Infinity) return next(call);
    const timeoutMs = call.deadline - clock.now();
    const exceeded = (cause?: unknown): RpcError => {
      const reason =
        timeoutMs > 0 ? `no answer within ${Math.round(timeoutMs)} ms` : "the deadline has passed";
      return new RpcError(Code.DeadlineExceeded, reason, {
        path: methodName(call.method),
        processed: timeoutMs > 0 ? "unknown" : "no",
        cause,
      });
    };
    if (timeoutMs <= 0) throw exceeded();
    const stop = clock.timer(timeoutMs, () => call.cancel(exceeded()));
    try {
      const reply = await next(call);
      whenEnded(reply, stop);
      return reply;
    } catch (error) {
      stop();
      const late = clock.now() >= call.deadline && call.cancelReason === undefined;
      throw late && wasCut(error) ? exceeded(error) : error;
    }
  };
}

/**
 * Whether a call ended without an answer. A server at whose clock the deadline has passed can only reset the stream, and that
 * may be seen before the timer fires here. Source: grpc-java, ClientCallImpl, on `onClose`.
 */
function wasCut(error: unknown): boolean {
  return RpcError.is(error) && error.code === Code.Unavailable && error.processed === "unknown";
}
