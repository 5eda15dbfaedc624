import type { Metadata } from "@grpc/grpc-js";

/** Whether there is anything in it. Asking for a key would check that key by a regular expression first. */
export function hasEntries(metadata: Metadata): boolean {
  return Object.keys(metadata.getMap()).length > 0;
}
