import type { StatusObject } from "@grpc/grpc-js";
import { Code, codeOf } from "../../code.js";
import { RpcError } from "../../errors.js";

/**
 * The error of a call that grpc-js ended with `status`.
 *
 * grpc-js makes some statuses itself. Those about a stream carry `rstCode`, those about a connection have neither
 * headers nor trailing metadata. Only two of its texts prove that no handler saw the call, and a handler can answer
 * with the same code and text; but then headers or a `content-type` in the metadata came with it.
 */
export function rpcErrorOf(status: StatusObject, headersReceived: boolean, path: string): RpcError {
  const local = "rstCode" in status || (!headersReceived && isEmpty(status));
  const code = codeOf(status.code);
  if (!local) {
    const trailer = status.metadata;
    trailer.remove("content-type");
    return new RpcError(code, status.details, { path, origin: "remote", trailer });
  }
  const processed = !headersReceived && isEmpty(status) && neverSent(status) ? "no" : "unknown";
  return new RpcError(brokenStream(status) ? Code.Unavailable : code, status.details, { path, processed });
}

function isEmpty(status: StatusObject): boolean {
  return Object.keys(status.metadata.getMap()).length === 0;
}

function neverSent(status: StatusObject): boolean {
  return (
    status.code === Code.Unavailable &&
    (status.details === "Stream refused by server" || status.details.startsWith("No connection established"))
  );
}

/** A server that is forced down resets its streams: grpc-js says CANCELLED or INTERNAL, though nobody cancelled and no bug is meant. */
function brokenStream(status: StatusObject): boolean {
  return (
    status.code === Code.Cancelled ||
    (status.code === Code.Internal && /RST_STREAM|ECONNRESET|EPIPE/.test(status.details))
  );
}
