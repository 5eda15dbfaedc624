import type { Metadata } from "@grpc/grpc-js";
import { laneLimits } from "./lane-protocol.js";
import { textOfValues } from "./metadata-values.js";

/** Whether a caller takes it as the header, or the trailer, of an answer on a lane. */
export function fitsAnswer(metadata: Metadata): boolean {
  let pairs = 0;
  let bytes = 0;
  for (const [key, values] of Object.entries(metadata.toJSON())) {
    const sent = key.endsWith("-bin") ? values : [textOfValues(values)];
    pairs += sent.length;
    for (const value of sent) bytes += key.length + value.length;
  }
  return pairs <= laneLimits.maxAnswerMetadataPairs && bytes <= laneLimits.maxAnswerMetadataBytes;
}
