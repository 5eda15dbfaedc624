import { isServerFault } from "../../code.js";
import { RpcError } from "../../errors.js";

/** What a call says about the server: `none` when it says nothing. */
export type Verdict = "success" | "failure" | "none";

/**
 * What a call's failure says about the server. The server's faults and timeouts count; what the caller did, a cancellation
 * or an argument that was refused, does not. Nor does a call that no handler saw, because there was no endpoint, none took
 * it, or it could not be sent: it has cost the server nothing, and a breaker could only lengthen an outage that calls wait
 * for the end of.
 */
export function verdictOf(thrown: unknown, wasSent: boolean): Verdict {
  const { code, origin, processed } = RpcError.from(thrown);
  if (!wasSent || !isServerFault(code)) return "none";
  return origin === "local" && processed === "no" ? "none" : "failure";
}
