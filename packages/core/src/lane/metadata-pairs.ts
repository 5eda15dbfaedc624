import type { Metadata } from "@grpc/grpc-js";

/** Metadata as a lane sends it: bytes for keys that end in `-bin`, Latin-1 for all others. */
export type MetadataPairs = readonly (readonly [key: string, value: string | Buffer])[];

/** Several values of a text key are one: HTTP/2 makes one of them too. */
export function pairsOf(metadata: Metadata): MetadataPairs {
  const pairs: [string, string | Buffer][] = [];
  for (const [key, values] of Object.entries(metadata.toJSON())) {
    if (key.endsWith("-bin")) for (const value of values) pairs.push([key, value]);
    else pairs.push([key, values.length === 1 ? values[0]! : values.join(", ")]);
  }
  return pairs;
}

/** Whether these are no more pairs, and bytes of keys and values. */
export function fits(pairs: MetadataPairs, mostPairs: number, mostBytes: number): boolean {
  let bytes = 0;
  for (const [key, value] of pairs) bytes += key.length + value.length;
  return pairs.length <= mostPairs && bytes <= mostBytes;
}
