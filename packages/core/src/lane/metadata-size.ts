import type { Metadata } from "@grpc/grpc-js";
import { textOfValues } from "./metadata-values.js";

/** Whether metadata, as it is sent, has no more pairs and bytes of keys and values than these. */
export function fits(metadata: Metadata, mostPairs: number, mostBytes: number): boolean {
  let pairs = 0;
  let bytes = 0;
  for (const [key, values] of Object.entries(metadata.toJSON())) {
    const sent = key.endsWith("-bin") ? values : [textOfValues(values)];
    pairs += sent.length;
    for (const value of sent) bytes += key.length + value.length;
  }
  return pairs <= mostPairs && bytes <= mostBytes;
}
