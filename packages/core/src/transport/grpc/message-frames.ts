import { Code } from "../../code.js";
import { RpcError } from "../../errors.js";

/** The longest answer that clients take, in bytes: grpc-js' own limit. */
export const longestMessage: number = 4 << 20;

/** Of a message's flag and length. */
export const prefixBytes = 5;

/** A message as gRPC writes it on HTTP/2: not compressed, its length, its bytes. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  writePrefix(frame, message.length);
  frame.set(message, prefixBytes);
  return frame;
}

/** What stands before the bytes of a message. */
export function prefixOf(message: Uint8Array): Buffer {
  const prefix = Buffer.allocUnsafe(prefixBytes);
  writePrefix(prefix, message.length);
  return prefix;
}

function writePrefix(frame: Buffer, length: number): void {
  frame[0] = 0;
  frame.writeUInt32BE(length, 1);
}

/** The messages in what arrives of a stream; those that arrive whole are not copied. */
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
    let rest = this.#parts.length === 0 ? chunk : this.#joined(chunk);
    while (rest && rest.length >= prefixBytes) {
      const length = rest.readUInt32BE(1);
      if (rest[0] !== 0) throw new RpcError(Code.Unimplemented, "compressed messages are not taken here");
      if (length > this.#maxBytes)
        throw new RpcError(
          Code.ResourceExhausted,
          `Received message larger than max (${length} vs ${this.#maxBytes})`,
        );
      const end = prefixBytes + length;
      if (rest.length < end) break;
      message(rest.subarray(prefixBytes, end));
      rest = rest.subarray(end);
    }
    if (!rest || rest.length === 0) return;
    this.#parts = [rest];
    this.#held = rest.length;
  }

  /** All that there is, if it may hold a message; else it is kept. A long message comes in many chunks, and is joined once. */
  #joined(chunk: Buffer): Buffer | undefined {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    const [first] = this.#parts;
    if (first!.length >= prefixBytes && this.#held < prefixBytes + first!.readUInt32BE(1)) return undefined;
    const joined = Buffer.concat(this.#parts, this.#held);
    this.#parts = [];
    this.#held = 0;
    return joined;
  }
}
