import type { Metadata } from "@grpc/grpc-js";
import { isSendable } from "../transport/grpc/sendable.js";
import { laneLimits } from "./lane-protocol.js";
import { fits, pairsOf, type MetadataPairs } from "./metadata-pairs.js";

/**
 * A request's metadata, if it arrives by a lane as it would by HTTP/2. What HTTP/2 and gRPC keep for themselves, change on
 * the way or limit goes by them.
 */
export function ordinaryPairs(metadata: Metadata): MetadataPairs | undefined {
  const pairs = pairsOf(metadata);
  if (pairs.length === 0) return pairs;
  for (const [key, values] of Object.entries(metadata.toJSON()))
    if (!isSendable(key, values.length)) return undefined;
  for (const [, value] of pairs) if (typeof value === "string" && value.trim() !== value) return undefined;
  return fits(pairs, laneLimits.maxMetadataPairs, laneLimits.maxMetadataBytes) ? pairs : undefined;
}
