import type { Server, ServerInterceptingCall, ServerInterceptor } from "@grpc/grpc-js";
import type { Logger } from "pino";
import type { Clock } from "../../ports/clock.js";
import { resetWhenAnswered } from "./answered-streams.js";
import { windowBytes } from "./flow-control.js";
import { hideTimeout, restoreTimeout } from "./grpc-timeout.js";
import { logFailedHandshakes } from "./handshake-log.js";
import { limitHandshake } from "./handshake-timeout.js";
import { limitSessions, onHttp2Server } from "./http2-servers.js";
import { Inflation } from "./inflation.js";
import { innerCall } from "./inner-call.js";
import { PendingRequests } from "./pending-requests.js";
import type { GrpcServerLimits } from "./server-limits.js";

/** What stands between callers and a grpc-js server, on each stream before any handler knows of it. */
export interface ServerGuard {
  /** Innermost: next to grpc-js' own call. */
  readonly interceptor: ServerInterceptor;
  /** To be called before the server is bound. */
  attach(server: Server): void;
}

export function createServerGuard(
  limits: GrpcServerLimits,
  env: { readonly clock: Clock; readonly logger?: Logger | undefined; random(): number },
): ServerGuard {
  const pending = new PendingRequests(limits, env);
  const inflation = new Inflation(limits);
  return {
    interceptor(method, outer) {
      const call = innerCall(outer);
      // A call that has ended here is not started by grpc-js.
      if (restoreTimeout(call) && (method.requestStream || pending.enter(call))) {
        inflation.bound(call, method.requestStream);
      }
      // The type asks for a wrapper, and there is nothing to wrap: it would cost every call.
      return outer as ServerInterceptingCall;
    },
    attach(server) {
      limitSessions(server, limits);
      onHttp2Server(server, (http2) => {
        http2.on("session", (session) => {
          // On one that somebody has ended already it throws, which would end the process.
          if (!session.destroyed) session.setLocalWindowSize(windowBytes);
        });
        limitHandshake(http2, limits.handshakeTimeoutMs, env.clock);
        if (env.logger) logFailedHandshakes(http2, env.logger, env.clock);
        http2.prependListener("stream", (stream, headers) => {
          hideTimeout(stream, headers);
          resetWhenAnswered(stream);
        });
      });
    },
  };
}
