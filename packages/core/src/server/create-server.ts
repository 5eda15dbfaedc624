import type { Logger } from "pino";
import type { Handler, Interceptor } from "../call/call.js";
import { compose } from "../call/compose.js";
import type { MethodContract } from "../contract/contract.js";
import type { Clock } from "../ports/clock.js";
import type { Listener, ServerTransport } from "../ports/transport.js";
import { callScope } from "./call-scope.js";
import { edge } from "./edge.js";
import { createDispatch, type BoundService } from "./dispatch.js";
import { createDrainGate, type DrainGate } from "./drain-gate.js";
import { errorBoundary } from "./error-boundary.js";

export interface ServerEnv {
  readonly services: readonly BoundService[];
  /**
   * Services between the processes themselves. Their calls are nobody's: no interceptor sees them, no deadline or limit
   * holds for them, and a drain does not wait for them.
   */
  readonly internal?: readonly BoundService[] | undefined;
  readonly transport: ServerTransport;
  readonly interceptors: readonly Interceptor[];
  /** A method's own timeout by its path, in milliseconds. */
  timeoutOf(path: string): number | undefined;
  /** Whether callers may not be trusted: what calls say of whom they are for is dropped. */
  readonly edge: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A listening server and its drain. */
export interface RpcServer {
  readonly listener: Listener;
  readonly gate: DrainGate;
}

/** transport -> error boundary -> drain gate -> edge -> deadline and context -> interceptors -> dispatch -> method. */
export async function listen(env: ServerEnv): Promise<RpcServer> {
  const gate = createDrainGate();
  const stages = [
    errorBoundary(env.logger),
    gate.interceptor,
    ...(env.edge ? [edge] : []),
    callScope(env.clock, env.timeoutOf),
    ...env.interceptors,
  ];
  const { services, internal = [] } = env;
  const contracts = [...services, ...internal].map((service) => service.contract);
  const handler = withInternal(internal, env, compose(stages, createDispatch(services)));
  return { gate, listener: await env.transport.listen(contracts, handler, gate.draining) };
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
