/** Keys from `key` up to and without `end`; only `key` itself when there is no end. */
export interface KeyRange {
  readonly key: Buffer;
  readonly end?: Buffer;
}

/** Where the records of a service stand. `keyPrefix` is empty or ends in a slash. */
export function servicePrefix(keyPrefix: string, service: string): string {
  return `${keyPrefix}services/${service}/`;
}

/** All keys that start with a prefix that ends in a slash, the character before `0`. */
export function under(prefix: string): KeyRange {
  return { key: Buffer.from(prefix), end: Buffer.from(`${prefix.slice(0, -1)}0`) };
}
