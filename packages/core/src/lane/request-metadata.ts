import type { Metadata } from "@grpc/grpc-js";
import { isSendable } from "../transport/grpc/sendable.js";
import { laneLimits } from "./lane-protocol.js";
import { fits } from "./metadata-size.js";
import { textOfValues } from "./metadata-values.js";

/**
 * Whether a request's metadata arrives by a lane as it would by HTTP/2. What HTTP/2 and gRPC keep for themselves, change on
 * the way or limit goes by them.
 */
export function isOrdinary(metadata: Metadata): boolean {
  for (const [key, values] of Object.entries(metadata.toJSON())) {
    if (!isSendable(key, values.length)) return false;
    if (key.endsWith("-bin")) continue;
    const text = textOfValues(values);
    if (text.trim() !== text) return false;
  }
  return fits(metadata, laneLimits.maxMetadataPairs, laneLimits.maxMetadataBytes);
}
