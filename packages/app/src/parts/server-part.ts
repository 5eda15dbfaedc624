import {
  createHealthService,
  createLinkService,
  createReflectionService,
  listen,
  unlessAborted,
  type CallLimits,
  type Clock,
  type HealthService,
  type Interceptor,
  type Lifecycle,
  type LinkIdentity,
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
  /**
   * Asks the connected callers to send their calls elsewhere. True when all have acknowledged before the signal aborts;
   * false when one has not, or cannot because it is not Rollcall's.
   */
  tell(signal: AbortSignal): Promise<boolean>;
}

interface ServerPartEnv {
  readonly services: ServicesPart;
  readonly transport: ServerTransport;
  readonly interceptors: readonly Interceptor[];
  readonly edge: boolean;
  /** Whether tools may ask the server what it can be called with. */
  readonly reflection: boolean;
  /** Whether unary calls may come over links. */
  readonly lane: boolean;
  /** How long the process looks for the next call of a lane before it sleeps, in microseconds; 0 for never. */
  readonly busyPollUs: number;
  /** Who this is, for its callers; asked once the server's port is known. */
  identity(): Omit<LinkIdentity, "services">;
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
  const links = createLinkService({ clock, lane: env.lane, busyPollUs: env.busyPollUs });
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
      const served = [...bound, health.bound];
      const contracts = served.map(({ contract }) => contract);
      const services = env.reflection ? [...served, ...createReflectionService(contracts)] : served;
      server = await listen({
        ...env,
        services,
        internal: [links.bound],
        carrier: links,
        timeoutOf: (path) => methods.get(path)?.timeoutMs,
        rateLimitOf: (path) => methods.get(path)?.rateLimit,
      });
      links.identify({ ...env.identity(), services: bound.map(({ contract }) => contract.name) });
    },
    async tell(signal) {
      const { acknowledged, missing } = await links.drain(signal);
      const linked = links.peers();
      const others = server?.listener.peers().filter((peer) => !linked.has(peer)) ?? [];
      logger.info({ acknowledged, missing, others: others.length }, "callers told");
      return missing.length === 0 && others.length === 0;
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
