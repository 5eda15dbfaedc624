import { Code, RpcError, type Metadata } from "@rollcall/core";

/** grpc-js' limit of a received message. */
const mostBytes = 4 * 1024 * 1024;
/** Node takes 128 pairs of headers with a request; gRPC's own are among them. */
const mostPairs = 118;

/** What a receiver says to a message that is too large. */
export function tooLarge(message: Buffer, path: string): RpcError | undefined {
  if (message.length <= mostBytes) return undefined;
  const reason = `Received message larger than max (${message.length} vs ${mostBytes})`;
  return new RpcError(Code.ResourceExhausted, reason, { path });
}

/** What becomes of a call with more metadata than HTTP/2 carries. */
export function tooManyPairs(metadata: Metadata, path: string): RpcError | undefined {
  const pairs = Object.keys(metadata.getMap()).length;
  if (pairs <= mostPairs) return undefined;
  return new RpcError(Code.ResourceExhausted, "the metadata has too many entries", { path });
}

/** Metadata as the other side reads it: HTTP/2 makes one value of several, except of binary ones. */
export function received(metadata: Metadata): Metadata {
  const result = metadata.clone();
  for (const key of Object.keys(metadata.getMap())) {
    const values = metadata.get(key);
    if (values.length > 1 && !key.endsWith("-bin")) result.set(key, values.join(", "));
  }
  return result;
}
