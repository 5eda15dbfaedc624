import type { Logger } from "pino";
import type { Lifecycle } from "../ports/lifecycle.js";

/** Starts parts one after the other and logs each. Rejects with the first failure; stop them all then, the failed one too. */
export async function startAll(
  parts: readonly Lifecycle[],
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  for (const part of parts) {
    signal.throwIfAborted();
    const from = performance.now();
    await part.start(signal);
    logger.info({ part: part.name, ms: Math.round(performance.now() - from) }, "started");
  }
}

/**
 * Stops parts in reverse order, each even if one before it failed or the signal has aborted.
 * @returns what went wrong, by part
 */
export async function stopAll(
  parts: readonly Lifecycle[],
  signal: AbortSignal,
  logger: Logger,
): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  for (const part of parts.toReversed()) {
    const from = performance.now();
    try {
      await part.stop(signal);
      logger.info({ part: part.name, ms: Math.round(performance.now() - from) }, "stopped");
    } catch (error) {
      errors.push(error);
      logger.error({ part: part.name, err: error }, "stop failed");
    }
  }
  return errors;
}
