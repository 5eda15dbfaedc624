import type { Logger } from "pino";
import type { Interceptor } from "../call/call.js";
import { mapStream } from "../call/stream.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";

/**
 * Outermost on a server: whatever a handler throws leaves as an `RpcError`. What it threw by accident is logged, and
 * reaches the caller as `internal` without its text. What fails because the call was cancelled is the cancellation.
 */
export function errorBoundary(logger: Logger): Interceptor {
  return (next) => async (call) => {
    const path = methodName(call.method);
    let cancelled: RpcError | undefined;
    const uncancel = call.onCancel((reason) => (cancelled = reason));
    const convert = (thrown: unknown): RpcError => {
      if (cancelled) return cancelled;
      // An error with the code ok would end the call well, and without an answer.
      if (thrown instanceof RpcError && thrown.code !== Code.Ok) return answerOf(thrown, path);
      logger.error({ err: thrown, method: path }, "handler threw");
      return new RpcError(Code.Internal, "internal error", { path, cause: thrown });
    };
    try {
      const reply = await next(call);
      void reply.end.then(uncancel);
      if (!reply.responseStream) return reply;
      return {
        ...reply,
        response: mapStream(reply.response, { value: (message: object) => message, error: convert }),
      };
    } catch (thrown) {
      uncancel();
      throw convert(thrown);
    }
  };
}

/** A nested call's error keeps its code and words, but what its server said to us in trailers was not meant for our caller. */
function answerOf(error: RpcError, path: string): RpcError {
  if (error.origin === "local") return error;
  return new RpcError(error.code, error.reason, { path, cause: error });
}
