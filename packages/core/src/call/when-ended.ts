import type { Reply } from "./call.js";
import type { RpcError } from "../errors.js";

/** Calls `ended` once nothing of the reply is under way any more: at once for one message, which has come whole. Must not throw. */
export function whenEnded(reply: Reply, ended: (error?: RpcError) => void): void {
  if (reply.responseStream) void reply.end.then(({ error }) => ended(error));
  else ended();
}
