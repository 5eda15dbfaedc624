import type { Call, Handler, Interceptor, Reply } from "../call/call.js";
import { isRequestStream, isResponseStream } from "../call/pipeline-call.js";
import { mapStream } from "../call/stream.js";
import { whenEnded } from "../call/when-ended.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import { isExempt } from "./exempt.js";

/**
 * Ends streams that stand still for `idleMs`; 0 lets them. A bidirectional stream stands still when no message moves
 * either way, a stream of answers only while its reader does not take one: its handler may wait for something to say.
 */
export function streamIdle(idleMs: number, clock: Clock): Interceptor {
  const watch = async (call: Call, next: Handler): Promise<Reply> => {
    const both = isRequestStream(call.method);
    let movedAt = clock.now();
    let readerIsDue = false;
    let stop = (): void => {};
    const moved = (): void => void (movedAt = clock.now());
    const look = (): void => {
      const left = both || readerIsDue ? movedAt + idleMs - clock.now() : idleMs;
      if (left > 0) stop = clock.timer(left, look);
      else call.cancel(stoodStill(call, idleMs));
    };
    look();
    call.onCancel(() => stop());
    try {
      const reply = await next(
        call.requestStream ? call.with({ request: watched(call.request, moved) }) : call,
      );
      whenEnded(reply, () => stop());
      if (!reply.responseStream) return reply;
      const value = (message: object): object => {
        moved();
        readerIsDue = true;
        return message;
      };
      const run = <T>(step: () => T): T => {
        moved();
        readerIsDue = false;
        return step();
      };
      return { ...reply, response: mapStream(reply.response, { value, run }) };
    } catch (error) {
      stop();
      throw error;
    }
  };
  return (next) => (call) =>
    idleMs === 0 || !isResponseStream(call.method) || isExempt(call.method) ? next(call) : watch(call, next);
}

function watched(requests: AsyncIterable<object>, moved: () => void): AsyncIterable<object> {
  const value = (message: object): object => {
    moved();
    return message;
  };
  return mapStream(requests, { value });
}

/** Not the server's fault, and nothing to repeat at once: so no `unavailable`. */
function stoodStill(call: Call, idleMs: number): RpcError {
  return new RpcError(Code.Aborted, `nothing moved on the stream for ${idleMs} ms`, {
    path: methodName(call.method),
  });
}
