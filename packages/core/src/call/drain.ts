import type { RpcError } from "../errors.js";

/** The trailer by which a Rollcall server says that it ended a call because it drains. */
export const drainTrailer = "rollcall-drain";

/** Whether the server ended the call because it drains. */
export function endedByDrain(error: RpcError): boolean {
  return error.trailer.get(drainTrailer).length > 0;
}
