/** Messages to bytes and back. `encode` throws on a message that cannot be serialised, `decode` on bytes that cannot be read. */
export interface Codec {
  encode(message: object): Buffer;
  decode(bytes: Uint8Array): object;
}

/** A message as bytes, whether the server's pipeline has encoded it (as Rollcall's does) or leaves that to the transport. */
export function encodedMessage(message: object, codec: Codec): Buffer {
  return message instanceof Uint8Array ? asBuffer(message) : codec.encode(message);
}

/** The same memory, as proto-loader wants it. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
