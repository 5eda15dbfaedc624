import type { Logger } from "pino";
import { Code } from "../../code.js";
import { methodName, type MethodContract } from "../../contract/contract.js";
import { RpcError } from "../../errors.js";
import { loggedError } from "../../errors/logged-error.js";

/**
 * Serialises a method's responses. One that cannot be leaves a log line and throws an `RpcError` (internal) without the
 * text of it, which may quote the message: grpc-js would answer the same and tell nobody.
 */
export function responseEncoder(method: MethodContract, logger?: Logger): (message: object) => Buffer {
  const path = methodName(method);
  return (message) => {
    try {
      return method.response.encode(message);
    } catch (error) {
      logger?.error({ err: loggedError(error), method: path }, "the response cannot be serialised");
      throw new RpcError(Code.Internal, "internal error", { path, cause: error });
    }
  };
}
