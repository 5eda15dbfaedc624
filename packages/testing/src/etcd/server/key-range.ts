/**
 * A key or an interval of keys. Keys are strings of one character per byte, so they compare as etcd compares bytes.
 * `end` is exclusive; `undefined` means the one key, `""` everything from `key` on.
 */
export interface KeyRange {
  readonly key: string;
  readonly end: string | undefined;
}

/** A key's bytes as the string that the store uses. */
export const keyText = (bytes: Buffer): string => bytes.toString("latin1");

/** The inverse of `keyText`. */
export const keyBytes = (text: string): Buffer => Buffer.from(text, "latin1");

/** The range that a request's `key` and `range_end` name: no end is one key, a single zero byte is no upper bound. */
export function keyRange(key: Buffer, rangeEnd: Buffer): KeyRange {
  const end = rangeEnd.length === 0 ? undefined : keyText(rangeEnd);
  return { key: keyText(key), end: end === "\0" ? "" : end };
}

/** Whether `key` lies in `range`. */
export function inRange(range: KeyRange, key: string): boolean {
  if (range.end === undefined) return key === range.key;
  return key >= range.key && (range.end === "" || key < range.end);
}
