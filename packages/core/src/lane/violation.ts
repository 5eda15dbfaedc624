import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import { Link } from "../gen/rollcall/link/v1/link.js";
import type { LaneViolation } from "./lane-protocol.js";

const prefix = "lane: ";

/** What the other end of a lane did wrong, as the end of the link: both ends say it so. */
export function violated({ message }: LaneViolation): RpcError {
  return new RpcError(Code.Internal, prefix + message, { path: methodName(Link.methods.open) });
}

/** Whether a link ended because one of its ends found the lane broken. */
export function isViolation({ code, reason }: RpcError): boolean {
  return code === Code.Internal && reason.startsWith(prefix);
}
