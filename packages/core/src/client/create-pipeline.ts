import type { Handler, Interceptor } from "../call/call.js";
import { compose } from "../call/compose.js";
import type { Clock } from "../ports/clock.js";
import { routing, type RouteSource } from "../routing/route-stage.js";
import { deadline } from "./deadline.js";
import { retry, type RetryOptions } from "./retry.js";

export interface PipelineEnv {
  readonly clock: Clock;
  random(): number;
  readonly interceptors: readonly Interceptor[];
  readonly retry?: RetryOptions | undefined;
}

/** Where the pipeline ends. */
export interface Destination extends RouteSource {
  readonly send: Handler;
}

/** deadline -> interceptors -> route -> retry -> the cluster: every attempt picks again, in the subset of its call. */
export function clientPipeline(cluster: Destination, env: PipelineEnv): Handler {
  const { clock, interceptors, random } = env;
  const stages = [deadline(clock), ...interceptors, routing(cluster, random), retry(env, env.retry)];
  return compose(stages, cluster.send);
}
