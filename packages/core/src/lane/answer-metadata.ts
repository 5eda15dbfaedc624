import type { Metadata } from "@grpc/grpc-js";
import { laneLimits } from "./lane-protocol.js";
import { fits } from "./metadata-size.js";

/** Whether a caller takes it as the header, or the trailer, of an answer on a lane. */
export function fitsAnswer(metadata: Metadata): boolean {
  return fits(metadata, laneLimits.maxAnswerMetadataPairs, laneLimits.maxAnswerMetadataBytes);
}
