import type { Metadata } from "@grpc/grpc-js";

const key = "grpc-retry-pushback-ms";

/** A whole number of 32 bits without leading zeros, as gRFC A6 has it. */
const wellFormed = /^(0|[1-9]\d{0,9})$/;
const most = 2 ** 31 - 1;

/**
 * What a server asks of retries, in the trailer of a failure (gRFC A6): milliseconds to wait, `"never"` when it says a
 * negative number or something else, undefined when it says nothing.
 */
export function pushBack(trailer: Metadata): number | "never" | undefined {
  const values = trailer.get(key);
  const [value] = values;
  if (value === undefined) return undefined;
  const ms = values.length === 1 && typeof value === "string" && wellFormed.test(value) ? Number(value) : -1;
  return ms >= 0 && ms <= most ? ms : "never";
}
