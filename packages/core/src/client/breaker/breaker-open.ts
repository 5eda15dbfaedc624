import { Code } from "../../code.js";
import { RpcError } from "../../errors.js";

/** Why a call was not sent: the cause of the `unavailable` error that an open breaker answers with. */
export class BreakerOpen {
  /** `shop.v1.Orders/Get`. */
  readonly method: string;
  readonly subset: string;
  readonly state: "open" | "half-open";
  /** Calls of the window in which it opened, and how many of them failed. */
  readonly calls: number;
  readonly failures: number;
  /** When a call is let through again, in milliseconds of the clock; undefined while probes are under way. */
  readonly nextTryMs: number | undefined;

  constructor(open: BreakerOpen) {
    this.method = open.method;
    this.subset = open.subset;
    this.state = open.state;
    this.calls = open.calls;
    this.failures = open.failures;
    this.nextTryMs = open.nextTryMs;
  }
}

/** The open breaker that refused a call, when that is why it failed. */
export function breakerOpen(error: unknown): BreakerOpen | undefined {
  return error instanceof RpcError && error.cause instanceof BreakerOpen ? error.cause : undefined;
}

/** The error of a call that was not sent. */
export function refusal(open: BreakerOpen, nowMs: number): RpcError {
  const next =
    open.nextTryMs === undefined
      ? "its probes are under way"
      : `next try in ${Math.max(1, Math.ceil(open.nextTryMs - nowMs))} ms`;
  const reason = `the breaker of subset "${open.subset}" is ${open.state}: ${open.failures} of ${open.calls} calls failed; ${next}`;
  return new RpcError(Code.Unavailable, reason, { path: open.method, processed: "no", cause: open });
}
