/** Messages to bytes and back. `encode` throws on a message that cannot be serialised, `decode` on bytes that cannot be read. */
export interface Codec {
  encode(message: object): Buffer;
  decode(bytes: Uint8Array): object;
}

/** The same memory, as proto-loader wants it. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
