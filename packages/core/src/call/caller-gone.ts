import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import type { Call } from "./call.js";

/** Why a call ended that its caller waits for no more. A caller gives up at its deadline, and says only that it gave up. */
export function callerGone(call: Call, clock: Clock): RpcError {
  const path = methodName(call.method);
  return clock.now() >= call.deadline - 1
    ? new RpcError(Code.DeadlineExceeded, "the deadline has passed", { path })
    : new RpcError(Code.Cancelled, "the caller cancelled", { path });
}
