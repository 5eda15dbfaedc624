import type { Handler, Interceptor } from "../call/call.js";
import { compose } from "../call/compose.js";
import type { Clock } from "../ports/clock.js";
import { deadline } from "./deadline.js";
import { retry, type RetryOptions } from "./retry.js";

export interface PipelineEnv {
  readonly clock: Clock;
  random(): number;
  readonly interceptors: readonly Interceptor[];
  readonly retry?: RetryOptions | undefined;
}

/** deadline -> interceptors -> retry -> `send`: every attempt picks again. */
export function clientPipeline(send: Handler, env: PipelineEnv): Handler {
  return compose([deadline(env.clock), ...env.interceptors, retry(env, env.retry)], send);
}
