import type { Metadata } from "@grpc/grpc-js";

/**
 * Metadata that says who a call is made for, wherever it leads: calls made while one is handled inherit it. A server at
 * the edge drops it from what comes in.
 */

/** The lane a call is on: instances labelled `lane=<value>` serve it, where a service has any. */
export const laneKey = "rollcall-lane";

/** Whom the call is for, a user or a tenant: the same key stays on the same side of a percentage. */
export const stickyKey = "rollcall-key";

const identity = [laneKey, stickyKey] as const;

/** The first value of a text key. */
export function textOf(metadata: Metadata, key: string): string | undefined {
  const [value] = metadata.get(key);
  return typeof value === "string" ? value : undefined;
}

/** Copies the identity of the call being handled to one that it makes; what the new call says of itself wins. */
export function inheritIdentity(from: Metadata, to: Metadata): void {
  for (const key of identity) {
    const value = textOf(from, key);
    if (value !== undefined && textOf(to, key) === undefined) to.set(key, value);
  }
}

/** Takes identity that cannot be trusted out of the metadata. */
export function dropIdentity(metadata: Metadata): void {
  const present = metadata.getMap();
  for (const key of identity) if (Object.hasOwn(present, key)) metadata.remove(key);
}
