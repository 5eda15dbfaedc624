import type { Interceptor } from "../call/call.js";
import { runInCall } from "../call/current.js";
import { isResponseStream } from "../call/pipeline-call.js";
import { mapStream } from "../call/stream.js";
import { whenEnded } from "../call/when-ended.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";

export interface CallScopeEnv {
  readonly clock: Clock;
  /** A method's own timeout by its path, in milliseconds. */
  timeoutOf(path: string): number | undefined;
  /** Of calls without a deadline that one message answers, in milliseconds; 0 for none. */
  readonly serverTimeoutMs: number;
}

/**
 * Ends calls at their deadline and makes the call the current one, so that nested calls inherit its deadline and
 * cancellation. A method's own `timeoutMs` shortens the deadline, never lengthens it. A call that has no deadline by
 * either gets the server's, unless a stream answers it.
 */
export function callScope({ clock, timeoutOf, serverTimeoutMs }: CallScopeEnv): Interceptor {
  const defaultMs = serverTimeoutMs || Infinity;
  return (next) => async (call) => {
    const path = methodName(call.method);
    const now = clock.now();
    const own = timeoutOf(call.method.path);
    const unbounded = call.deadline === Infinity && !isResponseStream(call.method);
    const deadline = Math.min(call.deadline, now + (own ?? (unbounded ? defaultMs : Infinity)));
    const exceeded = (): RpcError => new RpcError(Code.DeadlineExceeded, "the deadline has passed", { path });
    if (deadline <= now) throw exceeded();
    const stop = clock.timer(deadline - now, () => call.cancel(exceeded()));
    // A handler that goes on after a cancellation has no deadline left to wait for.
    call.onCancel(stop);
    const scoped = deadline < call.deadline ? call.with({ deadline }) : call;
    try {
      const reply = await runInCall(scoped, () => next(scoped));
      whenEnded(reply, stop);
      if (!reply.responseStream) return reply;
      // A generator runs in the context of whoever asks for its next message: the transport.
      const run = <T>(step: () => T): T => runInCall(scoped, step);
      return { ...reply, response: mapStream(reply.response, { value: (message: object) => message, run }) };
    } catch (error) {
      stop();
      throw error;
    }
  };
}
