import type { Handler } from "../call/call.js";
import type { MethodContract } from "../contract/contract.js";
import type { Clock } from "../ports/clock.js";

/** What calls on a server's lanes are answered by. */
export interface LaneHost {
  /** The unary methods, in the order in which callers are told of them. */
  readonly methods: readonly MethodContract[];
  /** The server's whole pipeline. */
  readonly dispatch: Handler;
  readonly clock: Clock;
  /** As in `ServedLaneEnv`. */
  readonly busyPollUs: number | undefined;
}
