import type { Call } from "../call/call.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import type { RpcError } from "../errors.js";

/** An endpoint whose server has no such service is left alone for this long, twice as long each time, up to the most. */
export const foreignMs = { first: 1_000, most: 30_000 };

/**
 * Whether a server says that it does not have the method called, in the words of grpc-js, grpc-go and grpc-java. A handler
 * that passes on such an answer of another server names another method, so no handler saw the call.
 */
export function isUnknownMethod({ code, origin, reason }: RpcError, call: Call): boolean {
  if (code !== Code.Unimplemented || origin !== "remote") return false;
  const name = methodName(call.method);
  const slash = name.lastIndexOf("/");
  const service = name.slice(0, slash);
  return [
    `The server does not implement the method /${name}`,
    `unknown service ${service}`,
    `unknown method ${name.slice(slash + 1)} for service ${service}`,
    `Method not found: ${name}`,
  ].includes(reason);
}
