/** Messages to bytes and back. `encode` throws on a message that cannot be serialised, `decode` on bytes that cannot be read. */
export interface Codec {
  encode(message: object): Buffer;
  decode(bytes: Uint8Array): object;
}

/** A message that has been encoded already: its bytes, in parts that stand one behind the other. */
export class EncodedMessage {
  readonly parts: readonly Buffer[];
  readonly length: number;
  /** So many bytes of the memory right before the first part are for whoever sends it. */
  readonly room: number;

  constructor(parts: readonly Buffer[], room: number = 0) {
    this.parts = parts;
    this.room = room;
    this.length = parts.reduce((sum, { length }) => sum + length, 0);
  }

  /** All of them; a copy where there are several parts. */
  get bytes(): Buffer {
    const [first] = this.parts;
    return this.parts.length === 1 ? first! : Buffer.concat(this.parts, this.length);
  }
}

/** A message as bytes, whether the server's pipeline has encoded it (as Rollcall's does) or leaves that to the transport. */
export function encodedMessage(message: object, codec: Codec): Buffer {
  if (message instanceof Uint8Array) return asBuffer(message);
  return message instanceof EncodedMessage ? message.bytes : codec.encode(message);
}

/** A message as bytes, in the parts that it has already. */
export function messageParts(message: object, codec: Codec): EncodedMessage {
  if (message instanceof EncodedMessage) return message;
  return new EncodedMessage([encodedMessage(message, codec)]);
}

/** The same memory, as proto-loader wants it. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
