import { Metadata } from "@grpc/grpc-js";
import { FrameKind, frameHeaderBytes, laneLimits, LaneViolation } from "./lane-protocol.js";

/** What is done with the frames of a batch. Each end has those that the other may send; the rest are violations. */
export interface FrameReceiver {
  call?(id: number, method: number, timeoutMs: number, metadata: Metadata, message: Buffer): void;
  reply?(id: number, header: Metadata, trailer: Metadata, message: Buffer): void;
  error?(id: number, code: number, reason: string, trailer: Metadata): void;
  cancel?(id: number): void;
  part?(id: number, total: number, bytes: Buffer): void;
}

/**
 * Hands the frames of a batch to `receiver`, one after the other. Messages are parts of the batch's memory, not copies.
 * Frames of kinds that are not known are passed over: a later version may have them.
 * @param from where to begin: 0, or what an earlier reading of the batch has returned
 * @param most frames to read. Default all
 * @returns where it has stopped: the batch's length when nothing is left
 * @throws LaneViolation for bytes that are no batch; what stood before them has been handed over
 */
export function readBatch(
  batch: Buffer,
  receiver: FrameReceiver,
  from: number = 0,
  most: number = Infinity,
): number {
  if (batch.length > laneLimits.maxBatchBytes)
    throw new LaneViolation(`a batch of ${batch.length} bytes, above ${laneLimits.maxBatchBytes}`);
  const reader = new Reader(batch);
  reader.at = from;
  for (let left = most; left > 0 && reader.at < batch.length; left--) readFrame(reader, receiver);
  return reader.at;
}

function readFrame(reader: Reader, receiver: FrameReceiver): void {
  const kind = reader.openFrame();
  switch (kind) {
    case FrameKind.Call: {
      const id = reader.varint();
      const method = reader.varint();
      const timeoutMs = reader.varint();
      const metadata = reader.metadata(laneLimits.maxMetadataPairs, laneLimits.maxMetadataBytes);
      const message = reader.rest();
      if (!receiver.call) throw misplaced("call");
      return receiver.call(id, method, timeoutMs, metadata, message);
    }
    case FrameKind.Reply: {
      const id = reader.varint();
      const header = reader.answerMetadata();
      const trailer = reader.answerMetadata();
      const message = reader.rest();
      if (!receiver.reply) throw misplaced("reply");
      return receiver.reply(id, header, trailer, message);
    }
    case FrameKind.Error: {
      const id = reader.varint();
      const code = reader.varint();
      const reason = reader.text();
      const trailer = reader.answerMetadata();
      reader.closeFrame();
      if (!receiver.error) throw misplaced("error");
      return receiver.error(id, code, reason, trailer);
    }
    case FrameKind.Cancel: {
      const id = reader.varint();
      reader.closeFrame();
      if (!receiver.cancel) throw misplaced("cancel");
      return receiver.cancel(id);
    }
    case FrameKind.Part: {
      const id = reader.varint();
      const total = reader.varint();
      const bytes = reader.rest();
      if (!receiver.part) throw misplaced("part");
      return receiver.part(id, total, bytes);
    }
    default:
      reader.rest();
  }
}

function misplaced(kind: string): LaneViolation {
  return new LaneViolation(`a frame that the other end sends: ${kind}`);
}

class Reader {
  at = 0;
  readonly #batch: Buffer;
  /** Where the frame ends. */
  #end = 0;

  constructor(batch: Buffer) {
    this.#batch = batch;
  }

  openFrame(): number {
    const { length } = this.#batch;
    if (this.at + frameHeaderBytes > length) throw new LaneViolation("a frame without its length");
    const kind = this.#batch[this.at]!;
    const bytes = this.#batch.readUInt32BE(this.at + 1);
    this.at += frameHeaderBytes;
    this.#end = this.at + bytes;
    if (this.#end > length)
      throw new LaneViolation(`a frame of ${bytes} bytes, of which ${length - this.at} came`);
    return kind;
  }

  closeFrame(): void {
    if (this.at !== this.#end)
      throw new LaneViolation(`${this.#end - this.at} bytes behind a frame's last field`);
  }

  rest(): Buffer {
    const bytes = this.#batch.subarray(this.at, this.#end);
    this.at = this.#end;
    return bytes;
  }

  varint(): number {
    const batch = this.#batch;
    let value = 0;
    let weight = 1;
    for (let bytes = 0; bytes < 8; bytes++) {
      if (this.at >= this.#end) throw new LaneViolation("a number that the frame's end cuts off");
      const byte = batch[this.at++]!;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      weight *= 0x80;
    }
    throw new LaneViolation("a number above 2^53 - 1");
  }

  text(): string {
    const bytes = this.varint();
    if (bytes > laneLimits.maxReasonBytes)
      throw new LaneViolation(`a reason of ${bytes} bytes, above ${laneLimits.maxReasonBytes}`);
    const end = this.#past(bytes);
    const text = this.#batch.toString("utf8", this.at, end);
    this.at = end;
    return text;
  }

  answerMetadata(): Metadata {
    return this.metadata(laneLimits.maxAnswerMetadataPairs, laneLimits.maxAnswerMetadataBytes);
  }

  /** Limits are checked before anything is made of it: two bytes of a batch could be an object otherwise. */
  metadata(mostPairs: number, mostBytes: number): Metadata {
    const metadata = new Metadata();
    const pairs = this.varint();
    if (pairs > mostPairs) throw new LaneViolation(`metadata of ${pairs} pairs, above ${mostPairs}`);
    let bytes = 0;
    for (let left = pairs; left > 0; left--) {
      const key = this.#latin1();
      const end = this.#past(this.varint());
      bytes += key.length + end - this.at;
      if (bytes > mostBytes) throw new LaneViolation(`metadata of more than ${mostBytes} bytes`);
      // A copy: a handler may keep its metadata, and must not keep the batch with it.
      const value = key.endsWith("-bin")
        ? Buffer.from(this.#batch.subarray(this.at, end))
        : this.#batch.toString("latin1", this.at, end);
      this.at = end;
      try {
        metadata.add(key, value);
      } catch {
        throw new LaneViolation("metadata with characters that are not allowed");
      }
    }
    return metadata;
  }

  #latin1(): string {
    const end = this.#past(this.varint());
    const text = this.#batch.toString("latin1", this.at, end);
    this.at = end;
    return text;
  }

  #past(bytes: number): number {
    const end = this.at + bytes;
    if (end > this.#end)
      throw new LaneViolation(`a field of ${bytes} bytes in a frame with ${this.#end - this.at} left`);
    return end;
  }
}
