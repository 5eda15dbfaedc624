import type { Metadata } from "@grpc/grpc-js";
import { laneLimits } from "./lane-protocol.js";
import { fits, pairsOf, type MetadataPairs } from "./metadata-pairs.js";

/** The header, or the trailer, of an answer; undefined when it is more than a caller takes. */
export function answerPairs(metadata: Metadata): MetadataPairs | undefined {
  const pairs = pairsOf(metadata);
  return fits(pairs, laneLimits.maxAnswerMetadataPairs, laneLimits.maxAnswerMetadataBytes)
    ? pairs
    : undefined;
}
