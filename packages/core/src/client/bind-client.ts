import type { Handler } from "../call/call.js";
import type { CallOptions } from "../call/options.js";
import { isResponseStream } from "../call/pipeline-call.js";
import { Code } from "../code.js";
import { methodName, type MethodContract, type ServiceContract } from "../contract/contract.js";
import type { ClientOf } from "../contract/shapes.js";
import { RpcError } from "../errors.js";
import { answerOr, checkFallback, messagesOr, type AnyFallbacks, type Fallback } from "./fallback.js";
import { responseStream } from "./response-stream.js";
import { startCall, type ClientEnv, type StartedCall } from "./start-call.js";

type Method = (
  request: object | AsyncIterable<object>,
  options?: CallOptions,
) => Promise<object> | AsyncIterable<object>;

/**
 * The typed client of a contract, over a composed pipeline.
 * @throws ConfigError for a fallback that fits no method
 */
export function bindClient<S>(
  contract: ServiceContract<S>,
  pipeline: Handler,
  env: ClientEnv,
  fallback: Fallback<S> = {},
): ClientOf<S> {
  checkFallback(contract, fallback);
  const client: Record<string, Method> = {};
  for (const [name, method] of Object.entries<MethodContract>(contract.methods)) {
    const instead = (fallback as AnyFallbacks)[name];
    if (isResponseStream(method)) {
      const call = (request: object | AsyncIterable<object>, options: CallOptions): AsyncIterable<object> =>
        responseStream(() => startCall(method, request, options, env), pipeline, method, options, env);
      client[name] = instead
        ? (request, options = {}) => messagesOr(call(request, options), request, method, instead)
        : (request, options = {}) => call(request, options);
    } else {
      const call = (request: object | AsyncIterable<object>, options: CallOptions): Promise<object> =>
        unary(() => startCall(method, request, options, env), pipeline, options);
      client[name] = instead
        ? (request, options = {}) => answerOr(call(request, options), request, method, instead)
        : (request, options = {}) => call(request, options);
    }
  }
  return client as ClientOf<S>;
}

async function unary(begin: () => StartedCall, pipeline: Handler, options: CallOptions): Promise<object> {
  const { call, release } = begin();
  try {
    const reply = await pipeline(call);
    if (reply.responseStream)
      throw new RpcError(Code.Internal, "a stream answered a unary call", { path: methodName(call.method) });
    options.onHeader?.(reply.header);
    if (options.onTrailer) options.onTrailer((await reply.end).trailer);
    return reply.response;
  } catch (error) {
    // An interceptor or a callback may have failed while the call goes on.
    call.cancel(RpcError.from(error, methodName(call.method)));
    if (error instanceof RpcError) options.onTrailer?.(error.trailer);
    throw error;
  } finally {
    release();
  }
}
