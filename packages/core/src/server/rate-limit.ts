import type { Interceptor } from "../call/call.js";
import type { RateLimit } from "../decorators/metadata.js";
import type { Clock } from "../ports/clock.js";
import type { Shed } from "./shed.js";

/** A token bucket: takes a token for each call, and gets `perSecond` back, up to `burst`. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(clock: Clock, { perSecond, burst = Math.max(1, Math.ceil(perSecond)) }: RateLimit) {
    this.#clock = clock;
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = clock.now();
  }

  /** Takes a token; returns 0, or the milliseconds until there is one. */
  take(): number {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#tokens < 1) return (1 - this.#tokens) / this.#perMs;
    this.#tokens--;
    return 0;
  }
}

/** Refuses calls above the rate of their method. */
export function rateLimit(
  limitOf: (path: string) => RateLimit | undefined,
  env: { readonly clock: Clock; readonly shed: Shed },
): Interceptor {
  const buckets = new Map<string, TokenBucket | undefined>();
  const bucketOf = (path: string): TokenBucket | undefined => {
    if (buckets.has(path)) return buckets.get(path);
    const limit = limitOf(path);
    const bucket = limit && new TokenBucket(env.clock, limit);
    buckets.set(path, bucket);
    return bucket;
  };
  return (next) => (call) => {
    const { path } = call.method;
    const waitMs = bucketOf(path)?.take() ?? 0;
    if (waitMs === 0) return next(call);
    const reason = `above the method's rate of ${limitOf(path)?.perSecond} calls per second`;
    throw env.shed.refuse(call, "rate limit", reason, waitMs);
  };
}
