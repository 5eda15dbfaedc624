import type { Logger } from "pino";
import type { Handler, Interceptor } from "../call/call.js";
import { compose } from "../call/compose.js";
import type { Clock } from "../ports/clock.js";
import { routing } from "../routing/route-stage.js";
import type { BreakerOptions } from "./breaker/breaker-options.js";
import { breaker, type BreakerStageEnv } from "./breaker/breaker-stage.js";
import { deadline } from "./deadline.js";
import type { Destination } from "./destination.js";
import { limitPending } from "./pending-limit.js";
import { retry, type RetryOptions } from "./retry.js";
import { unlessCancelled } from "./unless-cancelled.js";

export type { Destination };

/** What a client's pipeline is built from. */
export interface PipelineEnv {
  readonly clock: Clock;
  random(): number;
  /** Hears of breakers that open and close. Default: nobody does. */
  readonly logger?: Logger | undefined;
  readonly interceptors: readonly Interceptor[];
  readonly retry?: RetryOptions | undefined;
  /** `false` for none. Default: on, with its defaults. */
  readonly breaker?: BreakerOptions | false | undefined;
  readonly onBreaker?: BreakerStageEnv["onBreaker"];
  /** How many calls may wait for an endpoint. Default 10 000. */
  readonly maxPendingCalls?: number | undefined;
}

/**
 * deadline -> interceptors -> route -> breaker -> retry -> the cluster: every attempt picks again, in the subset of its
 * call, and one call is one verdict for the breaker of its method and subset.
 */
export function clientPipeline(cluster: Destination, env: PipelineEnv): Handler {
  const { clock, interceptors, random } = env;
  const bounded = limitPending(cluster, env.maxPendingCalls);
  const stages = [
    deadline(clock),
    ...(interceptors.length > 0 ? [unlessCancelled, ...interceptors] : []),
    routing(bounded, random),
    ...(env.breaker === false ? [] : [breaker(env, env.breaker)]),
    retry(env, env.retry),
  ];
  return compose(stages, bounded.send);
}
