import type { Logger } from "pino";
import type { Call, Interceptor } from "../call/call.js";
import { mapStream } from "../call/stream.js";
import { Code } from "../code.js";
import { EncodedMessage } from "../contract/codec.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import { loggedError } from "../errors/logged-error.js";

/** The response could not be turned into bytes: the handler's mistake, found when it has returned. */
class NotSerialised {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * Outermost on a server: whatever a handler throws leaves as an `RpcError`, and whatever it answers as bytes. What it
 * threw by accident, and an answer that cannot be serialised, is logged and reaches the caller as `internal` without its
 * text. What fails because the call was cancelled is the cancellation.
 */
export function errorBoundary(logger: Logger): Interceptor {
  return (next) => async (call) => {
    const convert = (thrown: unknown): RpcError => call.cancelReason ?? answerOf(thrown, call, logger);
    const encode = (message: object): object =>
      message instanceof EncodedMessage ? message : encoded(message, call);
    try {
      const reply = await next(call);
      if (!reply.responseStream) return { ...reply, response: encode(reply.response) };
      return { ...reply, response: mapStream(reply.response, { value: encode, error: convert }) };
    } catch (thrown) {
      throw convert(thrown);
    }
  };
}

function encoded(message: object, { method }: Call): Buffer {
  try {
    return method.response.encode(message);
  } catch (error) {
    throw new NotSerialised(error);
  }
}

function answerOf(thrown: unknown, call: Call, logger: Logger): RpcError {
  const path = methodName(call.method);
  // An error with the code ok would end the call well, and without an answer.
  if (RpcError.is(thrown) && thrown.code !== Code.Ok) return meant(thrown, path, logger);
  const unserialised = isNotSerialised(thrown);
  const cause = unserialised ? thrown.error : thrown;
  log(logger, "error", cause, path, unserialised ? "response cannot be serialised" : "handler threw");
  return new RpcError(Code.Internal, "internal error", { path, cause });
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

function isNotSerialised(thrown: unknown): thrown is NotSerialised {
  try {
    return thrown instanceof NotSerialised;
  } catch {
    return false;
  }
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
