import { ClientClosedError } from "etcd3";
import type { Logger } from "pino";
import { createBackoff } from "../backoff.js";
import { createFaultLog } from "../fault-log.js";
import { isStaleToken, isUnreachable } from "./failure.js";
import { orAborted, type Environment } from "./retry.js";

/** What one request of an operator, a controller or a caller needs of the world. */
export interface RequestEnvironment extends Environment {
  readonly logger?: Logger | undefined;
}

/**
 * Whether a call may work when it is repeated: the way to etcd failed, or the call was taken along when another one's
 * failure replaced its client. It may have run.
 */
export function isPassing(error: unknown): boolean {
  return isUnreachable(error) || isStaleToken(error) || error instanceof ClientClosedError;
}

/**
 * Repeats `attempt` with full jitter up to 2 s while etcd cannot be reached. What etcd refuses is thrown at once. When the
 * signal aborts: its reason, or, after a failure, an error that names that and has the reason as its cause.
 * @param what is attempted, for logs: `reading rollout/shop.v1.Orders`
 */
export async function persist<T>(
  what: string,
  attempt: () => Promise<T>,
  { clock, random, logger }: RequestEnvironment,
  signal: AbortSignal,
): Promise<T> {
  const backoff = createBackoff({ random });
  const faults = createFaultLog(logger, what);
  let last: Error | undefined;
  try {
    for (;;) {
      signal.throwIfAborted();
      try {
        const answer = await orAborted(attempt(), signal);
        faults.recovered();
        return answer;
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error;
        last = error as Error;
        faults.failed(error);
        await clock.sleep(backoff.next(), signal);
      }
    }
  } catch (error) {
    if (!signal.aborted || !last) throw error;
    throw new Error(`${what} failed: ${last.message}`, { cause: error });
  }
}
