import protobuf from "protobufjs";

interface Long {
  readonly low: number;
  readonly high: number;
}

/** What protobufjs makes 64-bit integers with. Its types say nothing of the static side. */
export const Long = protobuf.util.Long as unknown as {
  fromValue(value: unknown, unsigned: boolean): Long;
  fromNumber(value: number, unsigned: boolean): Long;
};

const halfway = 4_294_967_296;
/** Two of them, and a half of 32 bits, are exact in a double. */
const million = 1_000_000;

/** The decimal digits of 64 bits, given as two unsigned halves. */
export function unsignedDecimal(low: number, high: number): string {
  if (high < 0x20_0000) return String(high * halfway + low);
  const rest = (high % million) * halfway + low;
  const front = Math.floor(high / million) * halfway + Math.floor(rest / million);
  return String(front) + String(rest % million).padStart(6, "0");
}

/** As {@link unsignedDecimal}, of a two's complement. */
export function signedDecimal(low: number, high: number): string {
  if (high < 0x8000_0000) return unsignedDecimal(low, high);
  const negated = -low >>> 0;
  return `-${unsignedDecimal(negated, (~high + (negated === 0 ? 1 : 0)) >>> 0)}`;
}

/** The halves of the value that {@link splitInt64} was last called with, unsigned. A pair would be an object per integer. */
export let low = 0;
export let high = 0;

/**
 * Splits what users may give for a 64-bit integer into {@link low} and {@link high}, as `Long.fromValue` does.
 * Throws on what that throws on.
 */
export function splitInt64(value: unknown, unsigned: boolean): void {
  if (typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
    low = (value % halfway) >>> 0;
    high = (value / halfway) >>> 0;
  } else if (typeof value !== "string" || !splitDecimal(value)) {
    const long = Long.fromValue(value, unsigned);
    low = long.low >>> 0;
    high = long.high >>> 0;
  }
}

/** False for all but an optional sign and up to 20 digits. Larger values than 64 bits wrap, as those of `Long` do. */
function splitDecimal(text: string): boolean {
  const { length } = text;
  const negative = length > 0 && text.charCodeAt(0) === 45;
  let at = negative ? 1 : 0;
  if (length === at || length > 20) return false;
  let lower = 0;
  let upper = 0;
  while (at < length) {
    let chunk = 0;
    let scale = 1;
    for (const end = Math.min(at + 6, length); at < end; at++) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) return false;
      chunk = chunk * 10 + digit;
      scale *= 10;
    }
    const product = lower * scale + chunk;
    lower = product % halfway;
    upper = (upper * scale + Math.floor(product / halfway)) % halfway;
  }
  low = negative ? -lower >>> 0 : lower;
  high = negative ? (~upper + (low === 0 ? 1 : 0)) >>> 0 : upper;
  return true;
}
