import type { Handler, Interceptor } from "./call.js";

/** One handler out of interceptors around `send`; `interceptors[0]` is outermost. */
export function compose(interceptors: readonly Interceptor[], send: Handler): Handler {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), send);
}
