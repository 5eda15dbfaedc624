import type protobuf from "protobufjs";
import { signedDecimal, unsignedDecimal } from "./int64.js";
import { refuse } from "./refusal.js";

/** protobufjs' own, and the 64-bit types as decimal strings, without an object in between; refused where bytes are cut off. */
type WireReader = protobuf.Reader;

let low = 0;
let high = 0;

export function int64(reader: WireReader): string {
  readVarint64(reader);
  return signedDecimal(low, high);
}

export function uint64(reader: WireReader): string {
  readVarint64(reader);
  return unsignedDecimal(low, high);
}

export function sint64(reader: WireReader): string {
  readVarint64(reader);
  const sign = -(low & 1);
  return signedDecimal((((low >>> 1) | (high << 31)) ^ sign) >>> 0, ((high >>> 1) ^ sign) >>> 0);
}

export function fixed64(reader: WireReader): string {
  const lower = reader.fixed32();
  return unsignedDecimal(lower, reader.fixed32());
}

export function sfixed64(reader: WireReader): string {
  const lower = reader.fixed32();
  return signedDecimal(lower, reader.fixed32());
}

function readVarint64(reader: WireReader): void {
  const { buf, len } = reader;
  let { pos } = reader;
  low = 0;
  high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (pos >= len) refuse();
    const byte = buf[pos++]!;
    const bits = byte & 127;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >> 4;
    } else high |= bits << (shift - 32);
    if (byte < 128) {
      low >>>= 0;
      high >>>= 0;
      reader.pos = pos;
      return;
    }
  }
  refuse();
}
