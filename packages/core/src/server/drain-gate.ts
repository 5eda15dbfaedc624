import { setMaxListeners } from "node:events";
import { Metadata } from "@grpc/grpc-js";
import type { Call, Interceptor } from "../call/call.js";
import { LinkedList } from "../collections/linked-list.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { drainTrailer } from "../call/drain.js";
import { whenEnded } from "../call/when-ended.js";

/** Knows which calls are in flight, tells them when the server drains, and ends them when its grace period is over. */
export interface DrainGate {
  readonly interceptor: Interceptor;
  /** What handlers see as `ctx.draining`. */
  readonly draining: AbortSignal;
  readonly inflight: number;
  /** Tells the handlers. */
  begin(): void;
  /** Ends every call in flight with `unavailable`; streams are opened again elsewhere by their callers. */
  cut(): void;
}

export function createDrainGate(): DrainGate {
  const controller = new AbortController();
  // Every open stream may listen.
  setMaxListeners(0, controller.signal);
  const calls = new LinkedList<Call>();
  return {
    draining: controller.signal,
    get inflight() {
      return calls.size;
    },
    interceptor: (next) => async (call) => {
      const link = calls.add(call);
      const ended = (): void => calls.remove(link);
      // A cancelled call has had its answer, even if its handler goes on.
      call.onCancel(ended);
      try {
        const reply = await next(call);
        whenEnded(reply, ended);
        return reply;
      } catch (error) {
        ended();
        throw error;
      }
    },
    begin: () => controller.abort(drainError("the server is draining")),
    cut() {
      for (const call of calls.values()) call.cancel(drainError("the server has stopped"));
    },
  };
}

function drainError(reason: string): RpcError {
  const trailer = new Metadata();
  trailer.set(drainTrailer, "1");
  return new RpcError(Code.Unavailable, reason, { trailer });
}
