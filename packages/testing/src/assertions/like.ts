import { isDeepStrictEqual } from "node:util";
import { Metadata } from "@rollcall/core";

/** Part of a value: what is left out may be anything. Lists have all of their elements, each of them perhaps in part. */
export type Like<T> = T extends Uint8Array | Metadata | Date | ((...args: any[]) => unknown)
  ? T
  : T extends readonly (infer E)[]
    ? readonly Like<E>[]
    : T extends object
      ? { readonly [K in keyof T]?: Like<T[K]> | undefined }
      : T;

/** Whether `actual` has everything that `expected` names. Bytes are compared as such, metadata by the keys it names. */
export function isLike(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true;
  if (typeof actual !== "object" || typeof expected !== "object" || !actual || !expected) return false;
  if (expected instanceof Metadata)
    return (
      actual instanceof Metadata &&
      Object.keys(expected.getMap()).every((key) => isDeepStrictEqual(actual.get(key), expected.get(key)))
    );
  if (expected instanceof Uint8Array)
    return actual instanceof Uint8Array && Buffer.compare(actual, expected) === 0;
  if (Array.isArray(expected))
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((each, index) => isLike(actual[index], each))
    );
  if (expected instanceof Date) return isDeepStrictEqual(actual, expected);
  return Object.entries(expected).every(([key, each]) =>
    isLike((actual as Record<string, unknown>)[key], each),
  );
}
