import { ConfigError } from "../errors.js";
import { setMethodOptions, type MethodOptions, type RateLimit } from "./metadata.js";

/** Options of one method of a service class. Methods that need none do without it. */
export function Method(options: MethodOptions): (prototype: object, name: string) => void {
  const { timeoutMs, rateLimit } = options;
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    throw new ConfigError(
      `@Method({ timeoutMs: ${timeoutMs} }): a timeout is a number of milliseconds above 0`,
    );
  }
  if (rateLimit) checkRate(rateLimit);
  return (prototype, name) => setMethodOptions(prototype, name, options);
}

function checkRate({ perSecond, burst = 1 }: RateLimit): void {
  if (!(perSecond > 0 && perSecond < Infinity))
    throw new ConfigError(
      `@Method({ rateLimit: { perSecond: ${perSecond} } }): a rate is a number of calls per second above 0`,
    );
  if (!(Number.isSafeInteger(burst) && burst >= 1))
    throw new ConfigError(
      `@Method({ rateLimit: { burst: ${burst} } }): a burst is a whole number of calls from 1`,
    );
}
