import type { Call, End, Handler, Reply, ServerCallContext } from "../call/call.js";
import { errorEnd, okEnd } from "../call/end.js";
import { isResponseStream } from "../call/pipeline-call.js";
import { mapStream } from "../call/stream.js";
import { Code } from "../code.js";
import { methodName, type MethodContract, type ServiceContract } from "../contract/contract.js";
import { RpcError } from "../errors.js";

/** A contract and the object that serves it. */
export interface BoundService {
  readonly contract: ServiceContract<any>;
  readonly implementation: object;
}

type Invoke = (request: unknown, ctx: ServerCallContext) => Promise<object> | AsyncIterable<object>;

/** The innermost handler of a server: calls the method that a call names. */
export function createDispatch(services: readonly BoundService[]): Handler {
  const methods = new Map<string, Invoke>();
  for (const { contract, implementation } of services) {
    for (const [name, method] of Object.entries<MethodContract>(contract.methods)) {
      const target = implementation as Record<string, Invoke>;
      methods.set(method.path, (request, ctx) => target[name]!(request, ctx));
    }
  }
  return async (call) => {
    const invoke = methods.get(call.method.path);
    if (!invoke) throw new RpcError(Code.Unimplemented, "no such method", { path: methodName(call.method) });
    const ctx = call as Call & ServerCallContext;
    const answer = invoke(call.request, ctx);
    if (!isResponseStream(call.method)) return unaryReply(ctx, await (answer as Promise<object>));
    if (!isAsyncIterable(answer)) {
      void Promise.resolve(answer).catch(() => {});
      throw new TypeError(`a streaming method returned no AsyncIterable but ${kindOf(answer)}`);
    }
    return streamReply(ctx, answer);
  };
}

function unaryReply(ctx: ServerCallContext, response: object): Reply {
  const end = Promise.resolve(okEnd(ctx.responseTrailer));
  return { header: ctx.responseHeader, end, responseStream: false, response: response ?? {} };
}

function streamReply(ctx: ServerCallContext, source: AsyncIterable<object>): Reply {
  const { promise: end, resolve } = Promise.withResolvers<End>();
  // A handler that does not heed its signal must not keep the call in flight.
  const uncancel = ctx.onCancel((reason) => resolve(errorEnd(reason)));
  const response = mapStream(source, {
    value: (message: object) => message,
    end: (error) => {
      uncancel();
      resolve(error === undefined ? okEnd(ctx.responseTrailer) : errorEnd(RpcError.from(error)));
    },
  });
  return { header: ctx.responseHeader, end, responseStream: true, response };
}

function isAsyncIterable(value: unknown): value is AsyncIterable<object> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function kindOf(value: unknown): string {
  if (value instanceof Promise) return "a promise";
  return value === null ? "null" : typeof value;
}
