import {
  createHealthService,
  listen,
  unlessAborted,
  type CallLimits,
  type Clock,
  type HealthService,
  type Interceptor,
  type Lifecycle,
  type LoopLag,
  type RpcServer,
  type ServerTransport,
} from "@rollcall/core";
import type { Logger } from "pino";
import { methodOptions } from "../container.js";
import type { ServicesPart } from "./services-part.js";

export interface ServerPart extends Lifecycle {
  /** The port in use, once started. */
  readonly port: number;
  readonly health: HealthService;
}

interface ServerPartEnv {
  readonly services: ServicesPart;
  readonly transport: ServerTransport;
  readonly interceptors: readonly Interceptor[];
  readonly edge: boolean;
  readonly limits: Partial<CallLimits>;
  /** See `ServerEnv`. */
  loopLag?(): LoopLag;
  readonly clock: Clock;
  random(): number;
  readonly logger: Logger;
}

/** How long the statuses of calls that were cut may take to leave. */
const flushMs = 50;

/** The listening server. Stopping sends GOAWAY, lets calls end until the grace period is over, then ends them. */
export function serverPart(env: ServerPartEnv): ServerPart {
  const { clock, logger } = env;
  let server: RpcServer | undefined;
  let health: HealthService | undefined;
  return {
    name: "server",
    get port() {
      if (!server) throw new Error("the server has not been started");
      return server.listener.port;
    },
    get health() {
      if (!health) throw new Error("the server has not been started");
      return health;
    },
    async start() {
      const { bound } = env.services;
      health = createHealthService(bound.map(({ contract }) => contract.name));
      const methods = methodOptions(bound);
      const services = [...bound, health.bound];
      server = await listen({
        ...env,
        services,
        timeoutOf: (path) => methods.get(path)?.timeoutMs,
        rateLimitOf: (path) => methods.get(path)?.rateLimit,
      });
    },
    async stop(signal) {
      if (!server) return;
      const { gate, listener } = server;
      logger.info({ inflight: gate.inflight }, "draining calls");
      gate.begin();
      try {
        await unlessAborted(listener.drain(), signal);
        if (gate.inflight > 0) {
          logger.warn({ inflight: gate.inflight }, "grace period over: ending calls in flight");
          gate.cut();
          await clock.sleep(flushMs);
        }
      } finally {
        await listener.close();
      }
    },
  };
}
