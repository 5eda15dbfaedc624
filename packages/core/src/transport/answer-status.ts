import type { Metadata } from "@grpc/grpc-js";
import { Code, type Code as StatusCode } from "../code.js";
import { RpcError } from "../errors.js";
import { sendableText } from "../errors/sendable-text.js";
import { errorTrailer } from "../errors/status-details.js";
import type { Reply } from "../call/call.js";
import { sendable } from "./grpc/sendable.js";

/** How a failed call ends on the wire. */
export interface AnswerStatus {
  readonly code: StatusCode;
  readonly details: string;
  readonly metadata: Metadata;
}

/** What a caller is told of a failure: the error's code, words and trailers, with those that the handler has set. */
export function statusOf(error: unknown, responseTrailer: Metadata): AnswerStatus {
  const rpcError = RpcError.from(error);
  const { code, reason } = rpcError;
  return { code, details: sendableText(reason), metadata: sendable(errorTrailer(rpcError, responseTrailer)) };
}

/** The error of a request that cannot be read, in grpc-js' words. */
export function undecodable(error: unknown): RpcError {
  const reason = `Error deserializing request: ${error instanceof Error ? error.message : String(error)}`;
  return new RpcError(Code.Internal, reason, { cause: error });
}

/** The error of an interceptor that has answered with a reply of the other kind. */
export function wrongKind(reply: Reply): RpcError {
  const what = reply.responseStream
    ? "a stream answered a unary call"
    : "one message answered a streaming call";
  return new RpcError(Code.Internal, what);
}
