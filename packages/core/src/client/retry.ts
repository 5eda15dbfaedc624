import type { Call, Interceptor } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import { pause } from "./pause.js";
import { pushBack } from "./push-back.js";
import { createRetryBudget, type RetryBudgetOptions } from "./retry-budget.js";

/** How calls that may have run are repeated. Calls that no handler saw go on elsewhere whatever is said here. */
export interface RetryOptions {
  /** Attempts of an idempotent call that may have run, the first included. Default 3; 1 turns these retries off. */
  readonly maxAttempts?: number | undefined;
  /** Full jitter over 25 ms, doubling, up to 1 s. */
  readonly backoffMs?: { readonly first: number; readonly most: number } | undefined;
  readonly budget?: RetryBudgetOptions | undefined;
}

export interface RetryEnv {
  readonly clock: Clock;
  random(): number;
}

/** No call waits longer than this for its server's leave, whatever its deadline. */
const longestPushBackMs = 60_000;

/**
 * Repeats failed attempts on other endpoints. One that no handler saw goes on whatever the method, until the deadline
 * and outside the budget; one that may have run only if the method is idempotent and the failure `unavailable`, up to
 * `maxAttempts` and within the budget. A reply commits the call: streams are not repeated after their headers (gRFC A6).
 *
 * Who gives an attempt up for a reason of its own, such as a hung server, asks `call.claimRetry` first: what cannot be
 * repeated is better left to wait.
 *
 * A server's push-back is heeded as gRFC A6 says: exactly that wait in place of the backoff, none of the other bounds
 * lifted, and no retry when it says so. With one, `resource_exhausted` is repeated as `unavailable` is. A push-back beyond
 * the deadline, or of more than a minute, fails the call at once.
 */
export function retry(env: RetryEnv, options: RetryOptions = {}): Interceptor {
  const { clock } = env;
  const { maxAttempts = 3, backoffMs = { first: 25, most: 1000 } } = options;
  const budget = createRetryBudget(clock, options.budget);

  /** How long to wait before a call that may have run is repeated; undefined when it is not. */
  const waitMs = (call: Call, error: RpcError, mayHaveRun: number): number | undefined => {
    if (!call.method.idempotent || mayHaveRun >= maxAttempts) return undefined;
    const asked = pushBack(error.trailer);
    if (asked === "never" || (asked === undefined && error.code !== Code.Unavailable)) return undefined;
    if (asked === undefined)
      return env.random() * Math.min(backoffMs.most, backoffMs.first * 2 ** (mayHaveRun - 1));
    return asked <= longestPushBackMs && clock.now() + asked < call.deadline ? asked : undefined;
  };
  return (next) => async (call) => {
    let attempt = call.replay() ?? call;
    // A stream that is opened again has tried some before.
    if (attempt.tried.length > 0) attempt = attempt.with({ tried: [] });
    let mayHaveRun = 0;
    let paid = false;
    const claimRetry = (): boolean =>
      (paid ||= call.method.idempotent && mayHaveRun + 1 < maxAttempts && budget.spend());
    for (;;) {
      attempt.claimRetry = claimRetry;
      try {
        const reply = await next(attempt);
        budget.earn();
        return reply;
      } catch (thrown) {
        const error = RpcError.from(thrown);
        const again = attempt.replay();
        if (!again || call.cancelReason || !isRetriable(error)) throw error;
        if (!isUnseen(error)) {
          mayHaveRun++;
          const ms = waitMs(call, error, mayHaveRun);
          if (ms === undefined || !(paid || budget.spend())) throw error;
          paid = false;
          await pause(clock, ms, call);
        }
        attempt = again;
      }
    }
  };
}

function isRetriable({ code }: RpcError): boolean {
  return code === Code.Unavailable || code === Code.ResourceExhausted;
}

/** No handler has seen the attempt. */
function isUnseen({ code, processed }: RpcError): boolean {
  return code === Code.Unavailable && processed === "no";
}
