import type { Interceptor } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import { pause } from "./pause.js";
import { createRetryBudget, type RetryBudgetOptions } from "./retry-budget.js";

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

/**
 * Repeats failed attempts on other endpoints. One that no handler saw goes on whatever the method, until the deadline
 * and outside the budget; one that may have run only if the method is idempotent and the failure `unavailable`, up to
 * `maxAttempts` and within the budget. A reply commits the call: streams are not repeated after their headers (gRFC A6).
 */
export function retry(env: RetryEnv, options: RetryOptions = {}): Interceptor {
  const { maxAttempts = 3, backoffMs = { first: 25, most: 1000 } } = options;
  const budget = createRetryBudget(env.clock, options.budget);
  return (next) => async (call) => {
    let attempt = (call.replay() ?? call).with({ tried: [] });
    for (let mayHaveRun = 0; ;) {
      try {
        const reply = await next(attempt);
        budget.earn();
        return reply;
      } catch (thrown) {
        const error = RpcError.from(thrown);
        const again = attempt.replay();
        if (!again || call.cancelReason || error.code !== Code.Unavailable) throw error;
        if (error.processed !== "no") {
          mayHaveRun++;
          const allowed = call.method.idempotent && mayHaveRun < maxAttempts;
          if (!allowed || !budget.spend()) throw error;
          const most = Math.min(backoffMs.most, backoffMs.first * 2 ** (mayHaveRun - 1));
          await pause(env.clock, env.random() * most, call);
        }
        attempt = again;
      }
    }
  };
}
