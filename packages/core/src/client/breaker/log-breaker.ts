import type { Logger } from "pino";
import type { BreakerSettings } from "./breaker-options.js";
import type { BreakerView } from "./breaker.js";

/** One line when a breaker opens and one when it closes; what its probes do meanwhile is for `debug`. */
export function logBreaker(
  logger: Logger,
  { method, subset, state, seen }: BreakerView,
  from: BreakerView["state"],
  { windowMs, openMs }: BreakerSettings,
): void {
  if (state === "closed") logger.info({ method, subset }, "breaker closed: calls go through again");
  else if (state === "half-open") logger.debug({ method, subset }, "breaker half-open: trying the server");
  else if (from === "half-open") logger.debug({ method, subset, openMs }, "breaker open again");
  else
    logger.warn(
      { method, subset, ...seen, windowMs, openMs },
      `breaker open: ${method} fails at once in subset "${subset}"`,
    );
}
