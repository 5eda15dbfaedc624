import { Code, isServerFault } from "../../code.js";
import { RpcError } from "../../errors.js";

/** What a call says about the server: `none` when it says nothing. */
export type Verdict = "success" | "failure" | "none";

/**
 * What a call's failure says about the server. The server's faults and timeouts count; what the caller did, a cancellation
 * or an argument that was refused, does not, nor does a call that was sent to no endpoint.
 */
export function verdictOf(thrown: unknown, wasSent: boolean): Verdict {
  const error = RpcError.from(thrown);
  if (!wasSent || !isServerFault(error.code)) return "none";
  // As a request that cannot be serialised: it never left.
  const neverLeft = error.origin === "local" && error.processed === "no" && error.code !== Code.Unavailable;
  return neverLeft ? "none" : "failure";
}
