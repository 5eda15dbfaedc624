import { laneLimits } from "./lane-protocol.js";

/** A transport's limits of messages and metadata, 0 for none. */
export interface MessageLimits {
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly maxMetadataPairs: number;
  readonly maxMetadataBytes: number;
}

/** HTTP/2's and gRPC's own fields of a request count among the transport's; there are some ten. */
const ownPairs = 16;
const ownBytes = 1 << 10;

/**
 * Whether a server with these limits can have lanes: where they are narrower than those of lanes, calls would be let in
 * that are refused over HTTP/2, and whole batches refused for one of them. Answers have no limit on a lane but the caller's.
 */
export function allowLanes(limits: MessageLimits): boolean {
  return (
    limits.maxSendBytes === 0 &&
    holds(limits.maxReceiveBytes, laneLimits.maxBatchBytes) &&
    holds(limits.maxMetadataPairs, laneLimits.maxMetadataPairs + ownPairs) &&
    holds(limits.maxMetadataBytes, laneLimits.maxMetadataBytes + ownBytes)
  );
}

function holds(limit: number, needed: number): boolean {
  return limit === 0 || limit >= needed;
}
