import { asBuffer, EncodedMessage } from "../contract/codec.js";
import { prefixBytes } from "../transport/grpc/message-frames.js";
import { FrameKind, frameHeaderBytes } from "./lane-protocol.js";
import type { MetadataPairs } from "./metadata-pairs.js";

/** Room for gRPC's prefix of a message and a `Frame`'s tag and length before a batch, so that it is sent without being copied. */
const headBytes = prefixBytes + 6;
/** `Frame.lane_batch`, length-delimited. */
const batchTag = (8 << 3) | 2;
/** Of memory that batches share, the least; where batches are long, room for two of them. */
const chunkBytes = 64 << 10;
/** From this length on messages are sent from where they are: copies of them would be most of the memory that a call takes. */
const leastUncopied = 2 << 10;
/** A lane that is not used holds no memory. */
const noChunk = Buffer.alloc(0);
/** Less than this at the end of a chunk is not worth a batch, nor is less than the last batch took. */
const leastBytes = 4 << 10;

/**
 * Writes frames of a lane one after the other, in the layout of docs/lane.md, until `take`. Batches share chunks of memory,
 * each with its own part of one. Long messages stand between such parts, and must not change any more.
 */
export class BatchWriter {
  #chunk: Buffer = noChunk;
  /** Of the next chunk. */
  #nextBytes = chunkBytes;
  /** Where in the chunk the batch begins, after the room for its head, or goes on after a long message. */
  #begin = headBytes;
  #at = headBytes;
  /** What stands before that. */
  #parts: Buffer[] = [];
  #partsBytes = 0;
  /** How much of that are long messages. */
  #uncopiedBytes = 0;
  /** Where the frame that is being written has its length. */
  #lengthAt = 0;

  /** Bytes of the batch so far. */
  get length(): number {
    return this.#partsBytes + this.#at - this.#begin;
  }

  /** @param timeoutMs a whole number from 1; 0 for none */
  call(id: number, method: number, timeoutMs: number, metadata: MetadataPairs, message: Uint8Array): void {
    this.#open(FrameKind.Call, id);
    this.#varint(method);
    this.#varint(timeoutMs);
    this.#metadata(metadata);
    this.#closeWith(message);
  }

  reply(id: number, header: MetadataPairs, trailer: MetadataPairs, message: Uint8Array): void {
    this.#open(FrameKind.Reply, id);
    this.#metadata(header);
    this.#metadata(trailer);
    this.#closeWith(message);
  }

  error(id: number, code: number, reason: string, trailer: MetadataPairs): void {
    this.#open(FrameKind.Error, id);
    this.#varint(code);
    this.#text(reason, "utf8");
    this.#metadata(trailer);
    this.#close();
  }

  cancel(id: number): void {
    this.#open(FrameKind.Cancel, id);
    this.#close();
  }

  /** @param total bytes of the whole answer; the last of them come with its reply */
  part(id: number, total: number, bytes: Uint8Array): void {
    this.#open(FrameKind.Part, id);
    this.#varint(total);
    this.#closeWith(bytes);
  }

  /** The batch as a `Frame`; the next one begins empty. */
  take(): EncodedMessage {
    const { length } = this;
    const written = length - this.#uncopiedBytes;
    const unused = headBytes - 1 - varintLength(length);
    const parts = this.#parts;
    if (parts.length > 0) parts[0] = parts[0]!.subarray(unused);
    this.#cut(unused);
    const first = parts[0]!;
    first[0] = batchTag;
    writeVarint(first, 1, length);
    if (this.#chunk.length - this.#at < Math.max(leastBytes, written)) {
      this.#chunk = noChunk;
      this.#nextBytes = Math.max(chunkBytes, 2 * (written + leastBytes));
      this.#begin = headBytes;
    } else {
      this.#begin = this.#at + headBytes;
    }
    this.#at = this.#begin;
    this.#parts = [];
    this.#partsBytes = 0;
    this.#uncopiedBytes = 0;
    return new EncodedMessage(parts, unused);
  }

  #open(kind: number, id: number): void {
    this.#ensure(frameHeaderBytes);
    this.#chunk[this.#at] = kind;
    this.#lengthAt = this.#at + 1;
    this.#at += frameHeaderBytes;
    this.#varint(id);
  }

  /** @param behind bytes of the frame that are not in the chunk */
  #close(behind: number = 0): void {
    this.#chunk.writeUInt32BE(this.#at - this.#lengthAt - 4 + behind, this.#lengthAt);
  }

  /** Ends the frame with a message. */
  #closeWith(message: Uint8Array): void {
    if (message.length < leastUncopied) {
      this.#bytes(message);
      return this.#close();
    }
    this.#close(message.length);
    this.#cut();
    this.#parts.push(asBuffer(message));
    this.#partsBytes += message.length;
    this.#uncopiedBytes += message.length;
  }

  /**
   * Ends a part of the batch in the chunk. The first has the room for the head before it.
   * @param unused bytes of that room which the head does not need
   */
  #cut(unused: number = 0): void {
    if (this.#at === this.#begin) return;
    const from = this.#parts.length === 0 ? this.#begin - headBytes + unused : this.#begin;
    this.#parts.push(this.#chunk.subarray(from, this.#at));
    this.#partsBytes += this.#at - this.#begin;
    this.#begin = this.#at;
  }

  #metadata(pairs: MetadataPairs): void {
    this.#varint(pairs.length);
    for (const [key, value] of pairs) {
      this.#text(key, "latin1");
      if (typeof value === "string") {
        this.#text(value, "latin1");
        continue;
      }
      this.#varint(value.length);
      this.#bytes(value);
    }
  }

  #text(text: string, encoding: "latin1" | "utf8"): void {
    const bytes = encoding === "latin1" ? text.length : Buffer.byteLength(text);
    this.#varint(bytes);
    this.#ensure(bytes);
    this.#at += this.#chunk.write(text, this.#at, bytes, encoding);
  }

  #bytes(bytes: Uint8Array): void {
    this.#ensure(bytes.length);
    this.#chunk.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #varint(value: number): void {
    this.#ensure(8);
    this.#at = writeVarint(this.#chunk, this.#at, value);
  }

  #ensure(bytes: number): void {
    if (this.#at + bytes <= this.#chunk.length) return;
    const length = this.#at - this.#begin;
    const chunk = Buffer.allocUnsafeSlow(Math.max(this.#nextBytes, 2 * (headBytes + length + bytes)));
    if (length > 0) this.#chunk.copy(chunk, headBytes, this.#begin, this.#at);
    this.#lengthAt += headBytes - this.#begin;
    this.#begin = headBytes;
    this.#at = headBytes + length;
    this.#chunk = chunk;
  }
}

function varintLength(value: number): number {
  let bytes = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) bytes++;
  return bytes;
}

/** Seven bits a byte, the lowest first, the top bit where more follow; up to 2^53 - 1. Returns where it ends. */
function writeVarint(into: Buffer, at: number, value: number): number {
  let left = value;
  while (left > 0x7fffffff) {
    into[at++] = (left % 0x80) | 0x80;
    left = Math.floor(left / 0x80);
  }
  while (left >= 0x80) {
    into[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  into[at++] = left;
  return at;
}
