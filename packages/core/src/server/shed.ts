import { Metadata } from "@grpc/grpc-js";
import type { Logger } from "pino";
import type { Call } from "../call/call.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";

/** What sheds calls. */
export type ShedBy = "concurrency" | "event loop" | "rate limit";

export interface ShedEnv {
  readonly clock: Clock;
  readonly logger: Logger;
  random(): number;
}

/** The calls a server refused to protect itself. */
export interface Shed {
  /** How many so far. */
  readonly counts: Readonly<Record<ShedBy, number>>;
  /**
   * The error of one more: RESOURCE_EXHAUSTED, with push-back (gRFC A6) of `waitMs` to twice that, so that those refused
   * together do not come back together.
   */
  refuse(call: Call, by: ShedBy, reason: string, waitMs: number): RpcError;
}

/** Between log lines of one kind, in milliseconds: a burst must not fill the log too. */
const quietMs = 10_000;

export function createShed(env: ShedEnv): Shed {
  const counts: Record<ShedBy, number> = { concurrency: 0, "event loop": 0, "rate limit": 0 };
  const logged = new Map<ShedBy, { readonly at: number; readonly count: number }>();
  const log = (by: ShedBy, method: string, reason: string): void => {
    const now = env.clock.now();
    const last = logged.get(by);
    if (last && now - last.at < quietMs) return;
    env.logger.warn({ by, method, reason, shed: counts[by] - (last?.count ?? 0) }, "shedding calls");
    logged.set(by, { at: now, count: counts[by] });
  };
  return {
    counts,
    refuse(call, by, reason, waitMs) {
      const path = methodName(call.method);
      counts[by]++;
      log(by, path, reason);
      const trailer = new Metadata();
      trailer.set("grpc-retry-pushback-ms", `${Math.ceil(waitMs * (1 + env.random()))}`);
      return new RpcError(Code.ResourceExhausted, reason, { path, trailer });
    },
  };
}
