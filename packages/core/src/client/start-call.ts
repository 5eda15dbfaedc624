import { Metadata } from "@grpc/grpc-js";
import type { Call } from "../call/call.js";
import { currentCall } from "../call/current.js";
import type { CallOptions } from "../call/options.js";
import { createCall, isRequestStream, isResponseStream } from "../call/pipeline-call.js";
import { Code } from "../code.js";
import { methodName, type MethodContract } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import { inheritIdentity } from "../routing/identity.js";
import { RequestStream } from "./request-stream.js";

/** What a client needs to begin calls. */
export interface ClientEnv {
  readonly clock: Clock;
  /**
   * The timeout of calls that do not say one, in milliseconds. A streaming answer without one may last, so there it
   * bounds the time until the stream is open.
   */
  readonly timeoutMs: number;
}

/** A call and the end of its ties to whoever could cancel it. */
export interface StartedCall {
  readonly call: Call;
  release(): void;
}

/** Builds a call: its deadline is the earlier of its own and the one of the call being handled, and it is cancelled with that. */
export function startCall(
  method: MethodContract,
  request: object | AsyncIterable<object>,
  options: CallOptions,
  env: ClientEnv,
): StartedCall {
  const path = methodName(method);
  const timeoutMs = options.timeoutMs ?? (isResponseStream(method) ? Infinity : env.timeoutMs);
  const fault = faultOf(method, request, timeoutMs, options);
  if (fault) throw new RpcError(Code.InvalidArgument, fault, { path, processed: "no" });
  const parent = currentCall();
  const deadline = Math.min(parent?.deadline ?? Infinity, env.clock.now() + timeoutMs);
  const metadata = options.metadata?.clone() ?? new Metadata();
  if (parent) inheritIdentity(parent.metadata, metadata);
  const requests = isRequestStream(method) ? new RequestStream(request as AsyncIterable<object>) : undefined;
  const call = createCall({ method, metadata, deadline, request: requests ?? request });
  const unlink = parent?.onCancel((reason) => call.cancel(inherited(reason, path)));
  const { signal } = options;
  const aborted = (): void =>
    call.cancel(new RpcError(Code.Cancelled, "the caller aborted", { path, cause: signal?.reason }));
  if (signal?.aborted) aborted();
  else signal?.addEventListener("abort", aborted, { once: true });
  return {
    call,
    release() {
      unlink?.();
      signal?.removeEventListener("abort", aborted);
      void requests?.end();
    },
  };
}

/** What is wrong with a call that the compiler would have refused, if anything. */
function faultOf(
  method: MethodContract,
  request: unknown,
  timeoutMs: unknown,
  options: CallOptions,
): string | undefined {
  if (typeof timeoutMs !== "number" || Number.isNaN(timeoutMs))
    return `timeoutMs is ${typeof timeoutMs === "number" ? "NaN" : `a ${typeof timeoutMs}`}`;
  if (request === null || typeof request !== "object")
    return `the request is ${request === null ? "null" : typeof request}`;
  if (isRequestStream(method) && !(Symbol.asyncIterator in request))
    return "the request is not an AsyncIterable";
  if (options.metadata !== undefined && typeof options.metadata.clone !== "function")
    return "the metadata is not a Metadata";
  return undefined;
}

function inherited(reason: RpcError, path: string): RpcError {
  return new RpcError(reason.code, `the call that made it ended: ${reason.reason}`, { path, cause: reason });
}
