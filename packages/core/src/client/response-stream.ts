import type { Call, Handler, Reply } from "../call/call.js";
import type { CallOptions } from "../call/options.js";
import { Code } from "../code.js";
import { methodName, type MethodContract } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import { drainTrailer } from "../call/drain.js";
import type { ClientEnv, StartedCall } from "./start-call.js";

type StreamReply = Extract<Reply, { responseStream: true }>;

/**
 * The messages of a streaming method. The call is made at the first `next`; leaving the loop cancels it. A server
 * stream that ended because its server drains is opened again, with the same request.
 */
export function responseStream(
  begin: () => StartedCall,
  pipeline: Handler,
  method: MethodContract,
  options: CallOptions,
  env: ClientEnv,
): AsyncIterable<object> {
  const reopens = method.kind === "server_streaming" && options.reopen !== false;
  return {
    async *[Symbol.asyncIterator]() {
      const { call, release } = begin();
      try {
        for (;;) {
          const reply = await open(call, pipeline, method, env);
          options.onHeader?.(reply.header);
          let drained: RpcError | undefined;
          try {
            yield* reply.response;
          } catch (error) {
            if (!reopens || !endedByDrain(error)) throw error;
            drained = error;
          }
          if (drained) continue;
          const { trailer } = await reply.end;
          options.onTrailer?.(trailer);
          return;
        }
      } catch (error) {
        if (error instanceof RpcError) options.onTrailer?.(error.trailer);
        throw error;
      } finally {
        release();
      }
    },
  };
}

function endedByDrain(error: unknown): error is RpcError {
  return (
    error instanceof RpcError && error.code === Code.Unavailable && error.trailer.get(drainTrailer).length > 0
  );
}

async function open(
  call: Call,
  pipeline: Handler,
  method: MethodContract,
  env: ClientEnv,
): Promise<StreamReply> {
  const path = methodName(method);
  const late = (): void =>
    call.cancel(
      new RpcError(Code.DeadlineExceeded, `the stream did not open within ${env.timeoutMs} ms`, { path }),
    );
  const stop = call.deadline === Infinity ? env.clock.timer(env.timeoutMs, late) : () => {};
  try {
    const reply = await pipeline(call);
    if (reply.responseStream) return reply;
    throw new RpcError(Code.Internal, "one message answered a streaming call", { path });
  } finally {
    stop();
  }
}
