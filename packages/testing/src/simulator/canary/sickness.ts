import { Code, RpcError, type Interceptor } from "@rollcall/core";
import type { ProcessInfo } from "../seams.js";

/** What is wrong with a version. */
export interface Sickness {
  /** The share of its calls that it fails, 0 to 1, evenly spread. Default 0. */
  readonly failureRate?: number | undefined;
  /** With what. Default `Internal`. */
  readonly code?: Code | undefined;
  /** How much longer each call takes. Default 0. */
  readonly delayMs?: number | undefined;
}

/** In every error of a sick instance. */
export const sickReason = "the new version is sick";

export function isSick({ failureRate = 0, delayMs = 0 }: Sickness = {}): boolean {
  return failureRate > 0 || delayMs > 0;
}

/** Outermost on a server: makes its instance as sick as that. */
export function sickened(sickness: Sickness, { clock }: ProcessInfo): Interceptor {
  const { failureRate = 0, code = Code.Internal, delayMs = 0 } = sickness;
  let calls = 0;
  return (next) => async (call) => {
    // The first call fails, and not by chance which others: a few samples then show the share.
    const fails = Math.ceil(++calls * failureRate) > Math.ceil((calls - 1) * failureRate);
    if (delayMs > 0) await clock.sleep(delayMs);
    if (fails) throw new RpcError(code, sickReason);
    return next(call);
  };
}
