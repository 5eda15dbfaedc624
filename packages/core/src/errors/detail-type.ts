import type { ProtoFile } from "../contract/proto-file.js";

/** One detail of an error as it crosses the wire (google.protobuf.Any), whether its type is known here or not. */
export interface Detail {
  /** What the bytes are; the message's full name after the last slash: `type.googleapis.com/google.rpc.BadRequest`. */
  readonly typeUrl: string;
  /** The message, encoded. */
  readonly bytes: Uint8Array;
}

/** A message that errors can carry as a detail. */
export interface DetailType<Message, Init = Message> {
  /** The message's full name: `google.rpc.BadRequest`. */
  readonly typeName: string;
  /** Throws on values that cannot be serialised. */
  create(message: Init): Detail;
  /** Undefined for a detail of another type, and for bytes that cannot be read; never throws. */
  read(detail: Detail): Message | undefined;
}

const prefix = "type.googleapis.com/";

/**
 * A message of one's own as a detail: `defineDetail<Shortage, ShortageInit>(file, "shop.v1.Shortage")`.
 * @param file what `rollcall generate` exports as `file` beside the message's types
 * @param typeName the message's full name; a name that the file does not have shows at first use
 */
export function defineDetail<Message extends object, Init extends object = Message>(
  file: ProtoFile,
  typeName: string,
): DetailType<Message, Init> {
  return {
    typeName,
    create: (message) => ({ typeUrl: prefix + typeName, bytes: file.message(typeName).encode(message) }),
    read({ typeUrl, bytes }) {
      if (typeUrl.slice(typeUrl.lastIndexOf("/") + 1) !== typeName) return undefined;
      const codec = file.message(typeName);
      try {
        return codec.decode(bytes) as Message;
      } catch {
        return undefined;
      }
    },
  };
}
