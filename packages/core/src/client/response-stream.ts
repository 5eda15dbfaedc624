import type { Call, Handler, Reply } from "../call/call.js";
import { endedByDrain } from "../call/drain.js";
import type { CallOptions } from "../call/options.js";
import { Code } from "../code.js";
import { methodName, type MethodContract } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import { pause } from "./pause.js";
import type { ClientEnv, StartedCall } from "./start-call.js";

type StreamReply = Extract<Reply, { responseStream: true }>;

/** The first reopening is immediate; servers that end every stream at once get these pauses. */
const reopenPauseMs = { first: 50, most: 1_000 };

/**
 * The messages of a streaming method. The call is made at the first `next`; leaving the loop cancels it. A server
 * stream that ended because its server drains is opened again, with the same request; with `reopen: "always"` one that
 * broke is too.
 */
export function responseStream(
  begin: () => StartedCall,
  pipeline: Handler,
  method: MethodContract,
  options: CallOptions,
  env: ClientEnv,
): AsyncIterable<object> {
  const reopen = method.kind === "server_streaming" ? (options.reopen ?? true) : false;
  const path = methodName(method);
  return {
    async *[Symbol.asyncIterator]() {
      const { call, release } = begin();
      let over = false;
      let barren = 0;
      try {
        for (;;) {
          try {
            const reply = await open(call, pipeline, path, env);
            options.onHeader?.(reply.header);
            for await (const message of reply.response) {
              barren = 0;
              yield message;
            }
            const { trailer } = await reply.end;
            over = true;
            options.onTrailer?.(trailer);
            return;
          } catch (error) {
            if (over || !reopen || call.cancelReason || !isUnavailable(error)) throw error;
            if (reopen !== "always" && !endedByDrain(error)) throw error;
          }
          if (barren > 0) await pause(env.clock, pauseMs(barren), call);
          barren++;
        }
      } catch (error) {
        if (!over && error instanceof RpcError) options.onTrailer?.(error.trailer);
        throw error;
      } finally {
        // Whatever went wrong up here, the call must not go on below.
        if (!over) call.cancel(new RpcError(Code.Cancelled, "the response stream was left", { path }));
        release();
      }
    },
  };
}

function pauseMs(barren: number): number {
  return Math.min(reopenPauseMs.most, reopenPauseMs.first * 2 ** (barren - 1));
}

function isUnavailable(error: unknown): error is RpcError {
  return error instanceof RpcError && error.code === Code.Unavailable;
}

async function open(call: Call, pipeline: Handler, path: string, env: ClientEnv): Promise<StreamReply> {
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
