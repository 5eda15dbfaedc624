import type { Logger } from "pino";
import type { Call, Interceptor } from "../call/call.js";
import { mapStream } from "../call/stream.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import { loggedError } from "../errors/logged-error.js";

/**
 * Outermost on a server: whatever a handler throws leaves as an `RpcError`. What it threw by accident is logged, and
 * reaches the caller as `internal` without its text. What fails because the call was cancelled is the cancellation.
 */
export function errorBoundary(logger: Logger): Interceptor {
  return (next) => async (call) => {
    let cancelled: RpcError | undefined;
    const uncancel = call.onCancel((reason) => (cancelled = reason));
    const convert = (thrown: unknown): RpcError => cancelled ?? answerOf(thrown, call, logger);
    try {
      const reply = await next(call);
      void reply.end.then(uncancel);
      if (!reply.responseStream) return reply;
      const value = (message: object): object => message;
      return { ...reply, response: mapStream(reply.response, { value, error: convert }) };
    } catch (thrown) {
      uncancel();
      throw convert(thrown);
    }
  };
}

function answerOf(thrown: unknown, call: Call, logger: Logger): RpcError {
  const path = methodName(call.method);
  // An error with the code ok would end the call well, and without an answer.
  if (RpcError.is(thrown) && thrown.code !== Code.Ok) return meant(thrown, path, logger);
  log(logger, "error", thrown, path, "handler threw");
  return new RpcError(Code.Internal, "internal error", { path, cause: thrown });
}

/**
 * A handler's own error is its answer. One that a nested call failed with keeps its code: what a server said in details
 * and trailers was meant for us and not for our caller, and what this process says of its endpoints for nobody outside.
 */
function meant(error: RpcError, path: string, logger: Logger): RpcError {
  const nested = error.path !== "" && error.path !== path;
  if (error.origin === "local" && !nested) return error;
  if (error.origin === "remote") return new RpcError(error.code, error.reason, { path, cause: error });
  log(logger, "warn", error, path, "a nested call failed");
  return new RpcError(error.code, "a nested call failed", { path, cause: error });
}

function log(
  logger: Logger,
  level: "warn" | "error",
  thrown: unknown,
  method: string,
  message: string,
): void {
  try {
    logger[level]({ err: loggedError(thrown), method }, message);
  } catch {
    // The caller gets an answer also when the line cannot be written.
  }
}
