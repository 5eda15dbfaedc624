import type { Metadata } from "@grpc/grpc-js";
import { isSendable } from "../transport/grpc/sendable.js";
import { laneLimits } from "./lane-protocol.js";
import { textOfValues } from "./metadata-values.js";

/**
 * Whether a request's metadata arrives by a lane as it would by HTTP/2. What HTTP/2 and gRPC keep for themselves, change on
 * the way or limit goes by them.
 */
export function isOrdinary(metadata: Metadata): boolean {
  let pairs = 0;
  let bytes = 0;
  for (const [key, values] of Object.entries(metadata.toJSON())) {
    if (!isSendable(key, values.length)) return false;
    if (key.endsWith("-bin")) {
      pairs += values.length;
      for (const value of values) bytes += key.length + value.length;
      continue;
    }
    const text = textOfValues(values);
    if (text.trim() !== text) return false;
    pairs++;
    bytes += key.length + text.length;
  }
  return pairs <= laneLimits.maxMetadataPairs && bytes <= laneLimits.maxMetadataBytes;
}
