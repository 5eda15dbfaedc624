import type { Logger } from "pino";
import type { Handler, Interceptor } from "../call/call.js";
import { compose } from "../call/compose.js";
import type { MethodContract, ServiceContract } from "../contract/contract.js";
import type { RateLimit } from "../decorators/metadata.js";
import type { Clock } from "../ports/clock.js";
import type { Listener, ServerTransport } from "../ports/transport.js";
import { defaultCallLimits, type CallLimits } from "./call-limits.js";
import { callScope } from "./call-scope.js";
import { concurrencyLimit } from "./concurrency-limit.js";
import { edge } from "./edge.js";
import { createDispatch, type BoundService } from "./dispatch.js";
import { createDrainGate, type DrainGate } from "./drain-gate.js";
import { errorBoundary } from "./error-boundary.js";
import { lagShed, type LoopLag } from "./loop-lag.js";
import { rateLimit } from "./rate-limit.js";
import { createShed, type Shed } from "./shed.js";
import { streamIdle } from "./stream-idle.js";

/** Another way for calls to come in; a link's lanes are one. */
export interface Carrier {
  carry(services: readonly ServiceContract<any>[], dispatch: Handler): void;
}

/** What a server is built from. */
export interface ServerEnv {
  readonly services: readonly BoundService[];
  /**
   * Services between the processes themselves. Their calls are nobody's: no interceptor sees them, no deadline or limit
   * holds for them, and a drain does not wait for them.
   */
  readonly internal?: readonly BoundService[] | undefined;
  /** Takes calls that come by another way than the transport: gets what the transport gets. */
  readonly carrier?: Carrier | undefined;
  readonly transport: ServerTransport;
  readonly interceptors: readonly Interceptor[];
  /** A method's own timeout by its path, in milliseconds. */
  timeoutOf(path: string): number | undefined;
  /** Whether callers may not be trusted: what calls say of whom they are for is dropped. */
  readonly edge: boolean;
  /** What is left out has its default. */
  readonly limits?: Partial<CallLimits> | undefined;
  /** A method's own rate by its path. Default none. */
  rateLimitOf?(path: string): RateLimit | undefined;
  /** Begins to measure how late the event loop is. Without it no call is shed for that. */
  loopLag?(): LoopLag;
  readonly clock: Clock;
  /** From 0 up to 1, for jitter. Default `Math.random`. */
  random?(): number;
  readonly logger: Logger;
}

/** A listening server and its drain. */
export interface RpcServer {
  readonly listener: Listener;
  readonly gate: DrainGate;
  /** How many calls were refused, by what. */
  readonly shed: Shed["counts"];
}

/** transport -> error boundary -> drain gate -> limits -> edge -> deadline and context -> interceptors -> dispatch -> method. */
export async function listen(env: ServerEnv): Promise<RpcServer> {
  const { clock, logger, random = Math.random, rateLimitOf = () => undefined } = env;
  const limits = { ...defaultCallLimits, ...env.limits };
  const gate = createDrainGate();
  const shed = createShed({ clock, logger, random });
  const lag = limits.maxEventLoopLagMs > 0 ? env.loopLag?.() : undefined;
  const stages = [
    errorBoundary(logger),
    gate.interceptor,
    ...(lag ? [lagShed(limits.maxEventLoopLagMs, lag, { clock, shed })] : []),
    rateLimit(rateLimitOf, { clock, shed }),
    concurrencyLimit(limits.maxConcurrentCalls, { clock, shed }),
    streamIdle(limits.streamIdleMs, clock),
    ...(env.edge ? [edge] : []),
    callScope({ clock, timeoutOf: (path) => env.timeoutOf(path), serverTimeoutMs: limits.serverTimeoutMs }),
    ...env.interceptors,
  ];
  const { services, internal = [] } = env;
  const contracts = [...services, ...internal].map((service) => service.contract);
  const outer = compose(stages, createDispatch(services));
  const handler = withInternal(internal, env, outer);
  env.carrier?.carry(
    services.map(({ contract }) => contract),
    outer,
  );
  try {
    const listener = await env.transport.listen(contracts, handler, gate.draining);
    return { gate, shed: shed.counts, listener: closing(listener, () => lag?.close()) };
  } catch (error) {
    lag?.close();
    throw error;
  }
}

function closing(listener: Listener, closed: () => void): Listener {
  return {
    port: listener.port,
    peers: () => listener.peers(),
    drain: () => listener.drain(),
    close: () => listener.close().finally(closed),
  };
}

function withInternal(internal: readonly BoundService[], env: ServerEnv, outer: Handler): Handler {
  const paths = new Set(
    internal.flatMap(({ contract }) =>
      Object.values<MethodContract>(contract.methods).map(({ path }) => path),
    ),
  );
  if (paths.size === 0) return outer;
  const inner = compose([errorBoundary(env.logger)], createDispatch(internal));
  return (call) => (paths.has(call.method.path) ? inner(call) : outer(call));
}
