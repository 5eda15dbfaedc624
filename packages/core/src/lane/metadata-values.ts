import type { MetadataValue } from "@grpc/grpc-js";

/** The values of a text key as one: HTTP/2 makes one of several too. */
export function textOfValues(values: readonly MetadataValue[]): string {
  return values.length === 1 ? (values[0] as string) : values.join(", ");
}
