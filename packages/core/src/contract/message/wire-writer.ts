import protobuf from "protobufjs";
import { high, low, splitInt64 } from "./int64.js";
import { refuse } from "./refusal.js";

const { utf8, float } = protobuf.util;
const initialSize = 4_096;
/** What one large message needed is not kept for the next one. */
const keptSize = 65_536;
/** A text that is shorter fits into kept memory, whatever it is. */
const countedFrom = keptSize / 4;

/**
 * Writes the wire format into memory that is used again. Each scalar takes what users may give for it and converts that as
 * protobufjs' `fromObject` does. What it does not know it throws on: the caller has another path for that.
 */
export class WireWriter {
  #bytes = Buffer.allocUnsafeSlow(initialSize);
  #length = 0;

  /** A copy of what was written. */
  finish(): Buffer {
    const message = Buffer.allocUnsafe(this.#length);
    this.#bytes.copy(message, 0, 0, this.#length);
    return message;
  }

  reset(): void {
    this.#length = 0;
    if (this.#bytes.length > keptSize) this.#bytes = Buffer.allocUnsafeSlow(initialSize);
  }

  /** Begins what is preceded by its length; `join` ends it. */
  fork(): number {
    this.#reserve(1);
    return this.#length++;
  }

  join(start: number): void {
    const length = this.#length - start - 1;
    const more = length < 128 ? 0 : varintSize(length) - 1;
    if (more > 0) {
      this.#reserve(more);
      this.#bytes.copyWithin(start + 1 + more, start + 1, this.#length);
    }
    this.#length = start;
    this.#varint32(length);
    this.#length += length;
  }

  uint32(value: unknown): void {
    this.#reserve(5);
    this.#varint32((value as number) >>> 0);
  }

  int32(value: unknown): void {
    const int = (value as number) | 0;
    this.#reserve(10);
    if (int < 0) this.#varint64(int >>> 0, 0xffff_ffff);
    else this.#varint32(int);
  }

  sint32(value: unknown): void {
    const int = (value as number) | 0;
    this.uint32((int << 1) ^ (int >> 31));
  }

  fixed32(value: unknown): void {
    const int = (value as number) >>> 0;
    this.#reserve(4);
    this.#half(int);
  }

  sfixed32(value: unknown): void {
    this.fixed32(value);
  }

  int64(value: unknown): void {
    splitInt64(value, false);
    this.#reserve(10);
    this.#varint64(low, high);
  }

  uint64(value: unknown): void {
    splitInt64(value, true);
    this.#reserve(10);
    this.#varint64(low, high);
  }

  sint64(value: unknown): void {
    splitInt64(value, false);
    const sign = high >> 31;
    this.#reserve(10);
    this.#varint64(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
  }

  fixed64(value: unknown): void {
    splitInt64(value, true);
    this.#halves();
  }

  sfixed64(value: unknown): void {
    splitInt64(value, false);
    this.#halves();
  }

  float(value: unknown): void {
    const number = Number(value);
    this.#reserve(4);
    float.writeFloatLE(number, this.#bytes, this.#length);
    this.#length += 4;
  }

  double(value: unknown): void {
    const number = Number(value);
    this.#reserve(8);
    float.writeDoubleLE(number, this.#bytes, this.#length);
    this.#length += 8;
  }

  bool(value: unknown): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value ? 1 : 0;
  }

  string(value: unknown): void {
    const text = typeof value === "string" ? value : String(value);
    // Three bytes for each is the most there can be; of a long text they are counted rather than kept free.
    this.#reserve(5 + (text.length < countedFrom ? text.length * 3 : Buffer.byteLength(text)));
    // One call instead of two: the length is most often as many bytes long as that of ASCII would be.
    const size = varintSize(text.length);
    const start = this.#length + size;
    // protobufjs writes short strings itself, and half a surrogate pair in them as it is.
    const written = text.length < 40 ? utf8.write(text, this.#bytes, start) : this.#bytes.write(text, start);
    const more = varintSize(written) - size;
    if (more > 0) this.#bytes.copyWithin(start + more, start, start + written);
    this.#varint32(written);
    this.#length += written;
  }

  bytes(value: unknown): void {
    if (!(value instanceof Uint8Array)) refuse();
    this.#reserve(5 + value.length);
    this.#varint32(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #varint32(value: number): void {
    const bytes = this.#bytes;
    let rest = value;
    let at = this.#length;
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.#length = at;
  }

  #varint64(lower: number, upper: number): void {
    const bytes = this.#bytes;
    while (upper > 0) {
      bytes[this.#length++] = (lower & 127) | 128;
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper >>>= 7;
    }
    this.#varint32(lower);
  }

  #half(value: number): void {
    const bytes = this.#bytes;
    bytes[this.#length++] = value & 255;
    bytes[this.#length++] = (value >>> 8) & 255;
    bytes[this.#length++] = (value >>> 16) & 255;
    bytes[this.#length++] = value >>> 24;
  }

  #halves(): void {
    this.#reserve(8);
    this.#half(low);
    this.#half(high);
  }

  #reserve(size: number): void {
    if (this.#length + size > this.#bytes.length) this.#grow(size);
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

function varintSize(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : value < 268_435_456 ? 4 : 5;
}
