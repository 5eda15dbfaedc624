import { Metadata } from "@grpc/grpc-js";

/**
 * Names that HTTP/2 and gRPC keep for themselves. Node throws on the first kind, for trailers from an event where nobody
 * can catch it; the second kind would change what the answer means.
 */
const reserved: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "content-type",
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-message",
  "grpc-status",
  "grpc-timeout",
]);

/** HTTP's fields of one value, on which Node throws when there are two: those a handler could mean as metadata. */
const single: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
  "authorization",
  "content-encoding",
  "content-language",
  "content-location",
  "content-md5",
  "content-range",
  "date",
  "dnt",
  "etag",
  "expires",
  "from",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "range",
  "referer",
  "retry-after",
  "tk",
  "upgrade-insecure-requests",
  "user-agent",
  "x-content-type-options",
]);

/** Whether so many values of a key arrive as they are. */
export function isSendable(key: string, values: number): boolean {
  return !reserved.has(key) && !key.startsWith(":") && (values < 2 || !single.has(key));
}

/** A handler's metadata without what HTTP/2 cannot carry: reserved names, and all but the last value of a single field. */
export function sendable(metadata: Metadata): Metadata {
  let result = metadata;
  for (const key of Object.keys(metadata.getMap())) {
    const drop = reserved.has(key);
    const values = drop || !single.has(key) ? [] : metadata.get(key);
    if (!drop && values.length < 2) continue;
    if (result === metadata) result = metadata.clone();
    result.remove(key);
    const last = values.at(-1);
    if (last !== undefined) result.set(key, last);
  }
  return result;
}
