import type { Handler } from "../call/call.js";
import type { CallOptions } from "../call/options.js";
import { isResponseStream } from "../call/pipeline-call.js";
import { Code } from "../code.js";
import { methodName, type MethodContract, type ServiceContract } from "../contract/contract.js";
import type { ClientOf } from "../contract/shapes.js";
import { RpcError } from "../errors.js";
import { responseStream } from "./response-stream.js";
import { startCall, type ClientEnv, type StartedCall } from "./start-call.js";

type Method = (
  request: object | AsyncIterable<object>,
  options?: CallOptions,
) => Promise<object> | AsyncIterable<object>;

/** The typed client of a contract, over a composed pipeline. */
export function bindClient<S>(contract: ServiceContract<S>, pipeline: Handler, env: ClientEnv): ClientOf<S> {
  const client: Record<string, Method> = {};
  for (const [name, method] of Object.entries<MethodContract>(contract.methods)) {
    client[name] = isResponseStream(method)
      ? (request, options = {}) =>
          responseStream(() => startCall(method, request, options, env), pipeline, method, options, env)
      : (request, options = {}) => unary(() => startCall(method, request, options, env), pipeline, options);
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
    const { trailer } = await reply.end;
    options.onTrailer?.(trailer);
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
