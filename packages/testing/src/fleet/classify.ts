import { Code, RpcError } from "@rollcall/core";
import type { CallOutcome } from "./tally.js";

/** What handlers answer with on purpose; the transport, the framework and crashes use the others. */
const applicationCodes: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.PermissionDenied,
  Code.FailedPrecondition,
  Code.Aborted,
  Code.OutOfRange,
  Code.Unauthenticated,
]);

/**
 * What an error means for the receipt. An `appError` came from a server, which ran the call and chose one of the codes
 * that only applications use; `cancelled` is the caller's own doing; all else, and whatever is in doubt, is `dropped`.
 */
export function classifyError(error: unknown): Exclude<CallOutcome, "ok"> {
  if (!(error instanceof RpcError)) return "dropped";
  if (error.origin === "local") return error.code === Code.Cancelled ? "cancelled" : "dropped";
  return error.processed === "yes" && applicationCodes.has(error.code) ? "appError" : "dropped";
}
