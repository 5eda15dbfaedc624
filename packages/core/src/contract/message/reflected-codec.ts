import type { IConversionOptions, Type } from "protobufjs";
import { asBuffer, type Codec } from "../codec.js";

/** What generated types promise: int64 as string, enums by name, defaults, and what a oneof holds by its name. */
export const conversion: IConversionOptions = { longs: String, enums: String, defaults: true, oneofs: true };

/** Messages of any type as protobufjs converts them, in the steps of proto-loader and with its errors. */
export function reflectedCodec(type: Type): Codec {
  return {
    encode(message) {
      if (Array.isArray(message))
        throw new Error(
          `Failed to serialize message: expected object with ${type.name} structure, got array instead`,
        );
      return type.encode(type.fromObject(message)).finish() as Buffer;
    },
    decode: (bytes) => type.toObject(type.decode(asBuffer(bytes)), conversion),
  };
}
