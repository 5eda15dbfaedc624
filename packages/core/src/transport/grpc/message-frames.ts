import { Code } from "../../code.js";
import { EncodedMessage } from "../../contract/codec.js";
import { RpcError } from "../../errors.js";

/** The longest answer that clients take, in bytes: grpc-js' own limit. */
export const longestMessage: number = 4 << 20;

/** Of a message's flag and length. */
export const prefixBytes = 5;

/** A message as gRPC writes it on HTTP/2: not compressed, its length, its bytes. In place, where there is room for it. */
export function framed(message: Uint8Array | EncodedMessage): Buffer {
  if (message instanceof EncodedMessage && message.parts.length === 1 && message.room >= prefixBytes)
    return framedInPlace(message.parts[0]!);
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  writePrefix(frame, message.length);
  let at = prefixBytes;
  for (const part of message instanceof EncodedMessage ? message.parts : [message]) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

function framedInPlace({ buffer, byteOffset, length }: Buffer): Buffer {
  const frame = Buffer.from(buffer, byteOffset - prefixBytes, prefixBytes + length);
  writePrefix(frame, length);
  return frame;
}

/** What stands before the bytes of a message. */
export function prefixOf({ length }: { readonly length: number }): Buffer {
  const prefix = Buffer.allocUnsafe(prefixBytes);
  writePrefix(prefix, length);
  return prefix;
}

function writePrefix(frame: Buffer, length: number): void {
  frame[0] = 0;
  frame.writeUInt32BE(length, 1);
}

/** The messages in what arrives of a stream; those that arrive in one chunk are not copied. */
export class MessageFrames {
  readonly #maxBytes: number;
  /** What has come of a message whose rest has not. */
  #parts: Buffer[] = [];
  #held = 0;

  /** @param maxBytes the longest message; 0 for any */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes || Infinity;
  }

  /**
   * Hands over each message that this chunk completes.
   * @throws RpcError for one that is compressed or too long
   */
  push(chunk: Buffer, message: (bytes: Buffer) => void): void {
    let rest = this.#parts.length === 0 ? chunk : this.#goOn(chunk, message);
    while (rest && rest.length >= prefixBytes) {
      const end = this.#endOf(rest);
      if (rest.length < end) break;
      message(rest.subarray(prefixBytes, end));
      rest = rest.length > end ? rest.subarray(end) : undefined;
    }
    if (!rest || rest.length === 0) return;
    this.#parts = [rest];
    this.#held = rest.length;
  }

  /** Goes on with a message that has begun; it is joined once, when it is whole. Returns what stands behind it. */
  #goOn(chunk: Buffer, message: (bytes: Buffer) => void): Buffer | undefined {
    const first = this.#parts[0]!;
    if (first.length < prefixBytes) return this.#joined(chunk);
    const missing = this.#endOf(first) - this.#held;
    if (chunk.length < missing) {
      this.#parts.push(chunk);
      this.#held += chunk.length;
      return undefined;
    }
    message(this.#joined(chunk.subarray(0, missing)).subarray(prefixBytes));
    return chunk.subarray(missing);
  }

  #joined(last: Buffer): Buffer {
    const joined = Buffer.concat([...this.#parts, last], this.#held + last.length);
    this.#parts = [];
    this.#held = 0;
    return joined;
  }

  /** Where the message ends that begins here. */
  #endOf(bytes: Buffer): number {
    const length = bytes.readUInt32BE(1);
    if (bytes[0] !== 0) throw new RpcError(Code.Unimplemented, "compressed messages are not taken here");
    if (length > this.#maxBytes)
      throw new RpcError(
        Code.ResourceExhausted,
        `Received message larger than max (${length} vs ${this.#maxBytes})`,
      );
    return prefixBytes + length;
  }
}
