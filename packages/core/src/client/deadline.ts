import type { Interceptor } from "../call/call.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";

/** Outermost on a client: ends a call at its deadline, wherever it is by then, and a call whose deadline has passed before it is sent. */
export function deadline(clock: Clock): Interceptor {
  return (next) => async (call) => {
    if (call.deadline === Infinity) return next(call);
    const timeoutMs = call.deadline - clock.now();
    const exceeded = (): RpcError => {
      const reason =
        timeoutMs > 0 ? `no answer within ${Math.round(timeoutMs)} ms` : "the deadline has passed";
      return new RpcError(Code.DeadlineExceeded, reason, {
        path: methodName(call.method),
        processed: timeoutMs > 0 ? "unknown" : "no",
      });
    };
    if (timeoutMs <= 0) throw exceeded();
    const stop = clock.timer(timeoutMs, () => call.cancel(exceeded()));
    try {
      const reply = await next(call);
      void reply.end.then(stop);
      return reply;
    } catch (error) {
      stop();
      throw error;
    }
  };
}
