import { inspect } from "node:util";
import { ConfigError } from "../../errors.js";

/** When a client stops sending calls of one method to one subset, and how it tries again. Durations are in milliseconds. */
export interface BreakerOptions {
  /**
   * The window in which calls are counted, in ten slices. Default 10 000, as in Hystrix: long enough for a method that is
   * called a few times per second, short enough that what was mended is forgotten soon. 100 to 3 600 000.
   */
  readonly windowMs?: number | undefined;
  /**
   * Fewer calls in the window than this decide nothing. Default 20, Hystrix' figure: Kitex' 200 would leave most methods
   * of most services without a breaker. 1 to 1 000 000.
   */
  readonly minCalls?: number | undefined;
  /** It opens at this share of failed calls. Default 0.5, as in Hystrix and Kitex. Above 0, up to 1. */
  readonly failureRatio?: number | undefined;
  /**
   * How long it stays open, each time. Default 5 000, Hystrix' figure. It does not grow: after it at most `probes` calls
   * reach the server, which one that is ill can bear for as long as it takes. 1 to 3 600 000.
   */
  readonly openMs?: number | undefined;
  /** How many calls are let through then, no more; all must succeed. Default 3. 1 to 1 000. */
  readonly probes?: number | undefined;
  /**
   * A probe that has no verdict after this has failed: the call goes on, but the breaker does not wait for it. Default
   * 10 000, the default timeout of calls; more for methods that take longer. 1 to 3 600 000.
   */
  readonly probeTimeoutMs?: number | undefined;
}

/** Every option, with a value. */
export type BreakerSettings = { readonly [K in keyof BreakerOptions]-?: number };

interface Bounds {
  readonly fallback: number;
  readonly allowed: string;
  readonly holds: (value: number) => boolean;
}

function whole(least: number, most: number, fallback: number): Bounds {
  const allowed = `a whole number from ${least} to ${most}`;
  return {
    fallback,
    allowed,
    holds: (value) => Number.isInteger(value) && value >= least && value <= most,
  };
}

const hour = 3_600_000;

const bounds: { readonly [K in keyof BreakerSettings]: Bounds } = {
  windowMs: whole(100, hour, 10_000),
  minCalls: whole(1, 1_000_000, 20),
  failureRatio: {
    fallback: 0.5,
    allowed: "a number above 0, up to 1",
    holds: (value) => value > 0 && value <= 1,
  },
  openMs: whole(1, hour, 5_000),
  probes: whole(1, 1_000, 3),
  probeTimeoutMs: whole(1, hour, 10_000),
};

/**
 * The options, checked and complete.
 * @throws ConfigError that names the option, its value and what is allowed
 */
export function breakerSettings(options: BreakerOptions = {}): BreakerSettings {
  if (typeof options !== "object" || options === null)
    throw new ConfigError(
      `option breaker is ${inspect(options)}; allowed: false, or an object with ${Object.keys(bounds).join(", ")}`,
    );
  const unknown = Object.keys(options).find((name) => !(name in bounds));
  if (unknown !== undefined)
    throw new ConfigError(`option breaker.${unknown} is not one; allowed: ${Object.keys(bounds).join(", ")}`);
  const read = (name: keyof BreakerSettings): number => {
    const { fallback, allowed, holds } = bounds[name];
    const value: unknown = options[name];
    if (value === undefined) return fallback;
    if (typeof value === "number" && holds(value)) return value;
    throw new ConfigError(`option breaker.${name} is ${inspect(value)}; allowed: ${allowed}`);
  };
  return {
    windowMs: read("windowMs"),
    minCalls: read("minCalls"),
    failureRatio: read("failureRatio"),
    openMs: read("openMs"),
    probes: read("probes"),
    probeTimeoutMs: read("probeTimeoutMs"),
  };
}
