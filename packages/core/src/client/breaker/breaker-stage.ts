import type { Logger } from "pino";
import type { Interceptor } from "../../call/call.js";
import { methodName, type MethodContract } from "../../contract/contract.js";
import type { Clock } from "../../ports/clock.js";
import { BreakerOpen, refusal } from "./breaker-open.js";
import { breakerSettings, type BreakerOptions } from "./breaker-options.js";
import { Breaker, type BreakerEnv, type BreakerView } from "./breaker.js";
import { logBreaker } from "./log-breaker.js";
import { RollingWindows } from "./rolling-counts.js";
import { verdictOf } from "./verdict.js";

export interface BreakerStageEnv {
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
  /** Hears of each breaker whose state has changed; the view stays true later. Must not throw. */
  readonly onBreaker?: ((breaker: BreakerView) => void) | undefined;
}

/** Subsets come and go with policies: a breaker that no call has asked for in this long is forgotten. */
const forgetMs = 600_000;

/**
 * A breaker per method and subset, so that a sick canary does not close the way to stable. It refuses at once with
 * `unavailable`, not processed; `breakerOpen` tells that error from others. Outside of retries: one call is one verdict,
 * and what it refuses is not tried again. A streaming call is judged at its headers.
 * @throws ConfigError for options that are wrong
 */
export function breaker(env: BreakerStageEnv, options?: BreakerOptions): Interceptor {
  const breakers = new Breakers(env, options);
  const { clock } = env;
  return (next) => async (call) => {
    const own = breakers.of(call.method, call.route?.subset.name ?? "stable");
    const nowMs = clock.now();
    const permit = own.admit(nowMs);
    if (permit instanceof BreakerOpen) throw refusal(permit, nowMs);
    // A stream that is opened again has attempts from before.
    const sent = call.attempts.length;
    try {
      const reply = await next(call);
      own.settle(permit, "success");
      return reply;
    } catch (error) {
      own.settle(permit, verdictOf(error, call.attempts.length > sent));
      throw error;
    }
  };
}

class Breakers {
  readonly #env: BreakerEnv;
  readonly #methods = new Map<string, Map<string, Breaker>>();
  #sweptMs: number;

  constructor({ clock, logger, onBreaker }: BreakerStageEnv, options: BreakerOptions | undefined) {
    const settings = breakerSettings(options);
    this.#env = {
      clock,
      settings,
      windows: new RollingWindows(clock, settings.windowMs),
      changed(breaker, from) {
        if (logger) logBreaker(logger, breaker, from, settings);
        onBreaker?.(breaker);
      },
    };
    this.#sweptMs = clock.now();
  }

  of(method: MethodContract, subset: string): Breaker {
    let bySubset = this.#methods.get(method.path);
    if (!bySubset) this.#methods.set(method.path, (bySubset = new Map()));
    let own = bySubset.get(subset);
    if (!own) {
      this.#sweep();
      bySubset.set(subset, (own = new Breaker(methodName(method), subset, this.#env)));
    }
    return own;
  }

  /** Where their number grows, and nowhere else. */
  #sweep(): void {
    const nowMs = this.#env.clock.now();
    if (nowMs - this.#sweptMs < forgetMs) return;
    this.#sweptMs = nowMs;
    for (const bySubset of this.#methods.values())
      for (const [subset, each] of bySubset) {
        if (nowMs - each.usedMs < forgetMs) continue;
        each.close();
        bySubset.delete(subset);
      }
  }
}
