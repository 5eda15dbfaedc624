import { inspect } from "node:util";
import { isRequestStream } from "../call/pipeline-call.js";
import { Code, isServerFault } from "../code.js";
import { methodName, type MethodContract, type ServiceContract } from "../contract/contract.js";
import type { ServerStreaming, Unary } from "../contract/shapes.js";
import { ConfigError, RpcError } from "../errors.js";

/** What answers in place of one method: the request is as the caller gave it, the answer as a handler would write it. */
export type FallbackMethod<M> =
  M extends Unary<any, any, infer In, infer Out>
    ? (request: In, error: RpcError) => Out | Promise<Out>
    : M extends ServerStreaming<any, any, infer In, infer Out>
      ? (request: In, error: RpcError) => AsyncIterable<Out>
      : never;

/**
 * Answers for methods whose call has failed by the server's fault, by its deadline, for want of an endpoint or at an open
 * breaker; not when the caller has cancelled it or was wrong. A streaming method is answered for only before its first
 * message. What a fallback throws is the call's error. Methods with request streams have none.
 */
export type Fallback<S> = {
  readonly [M in keyof S as S[M] extends { kind: "unary" | "server_streaming" } ? M : never]?:
    | FallbackMethod<S[M]>
    | undefined;
};

export type AnyFallback = (request: object, error: RpcError) => unknown;
export type AnyFallbacks = Readonly<Record<string, AnyFallback | undefined>>;

/** @throws ConfigError for what the compiler would have refused */
export function checkFallback(contract: ServiceContract<any>, fallback: object | null): void {
  if (typeof fallback !== "object" || fallback === null)
    throw new ConfigError(
      `client of ${contract.name}: option fallback is ${inspect(fallback, { depth: 0 })}; allowed: an object with a function per method`,
    );
  for (const [name, each] of Object.entries(fallback)) {
    const method = (contract.methods as Readonly<Record<string, MethodContract>>)[name];
    if (each === undefined) continue;
    const wrong = !method
      ? `${contract.name} has no such method`
      : isRequestStream(method)
        ? "a method with a request stream has no fallback"
        : typeof each !== "function"
          ? `it is ${inspect(each, { depth: 0 })}, not a function`
          : undefined;
    if (wrong) throw new ConfigError(`client of ${contract.name}: option fallback.${name}: ${wrong}`);
  }
}

/** Whether a call that failed so is one to answer for: with an `RpcError`, since an exception of an interceptor or a callback is a bug. */
function isAnswerable(error: unknown): error is RpcError {
  return error instanceof RpcError && isServerFault(error.code);
}

/** The answer to a unary call, or the fallback's. */
export async function answerOr(
  answer: Promise<object>,
  request: object,
  method: MethodContract,
  fallback: AnyFallback,
): Promise<object> {
  try {
    return await answer;
  } catch (error) {
    if (!isAnswerable(error)) throw error;
    return received(method, await fallback(request, error));
  }
}

/** The messages of a stream, or, when it fails before the first, those of the fallback. */
export async function* messagesOr(
  messages: AsyncIterable<object>,
  request: object,
  method: MethodContract,
  fallback: AnyFallback,
): AsyncGenerator<object, void, undefined> {
  let isBegun = false;
  let failure: RpcError;
  try {
    for await (const message of messages) {
      isBegun = true;
      yield message;
    }
    return;
  } catch (error) {
    if (isBegun || !isAnswerable(error)) throw error;
    failure = error;
  }
  for await (const message of fallback(request, failure) as AsyncIterable<unknown>)
    yield received(method, message);
}

/** As if it had come from a server: with every field there is. */
function received(method: MethodContract, message: unknown): object {
  try {
    return method.response.decode(method.response.encode(message as object));
  } catch (error) {
    throw new RpcError(Code.Internal, "the fallback's answer is not a message of the method", {
      path: methodName(method),
      processed: "no",
      cause: error,
    });
  }
}
