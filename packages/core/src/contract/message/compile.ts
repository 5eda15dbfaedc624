/** A message type's own code. Both throw on all that the general path has to judge. */
export interface MessageCode {
  /** Reads up to the position `end`. */
  read(reader: unknown, end: number, depth: number): object;
  write(message: object, writer: unknown, depth: number): void;
}

/** `--disallow-code-generation-from-strings` forbids it. */
export function mayCompile(): boolean {
  try {
    compile([], {});
    return true;
  } catch {
    return false;
  }
}

/**
 * A function of these lines, which see `scope`. What lines hold of a proto has to be numbers, or strings made by
 * `JSON.stringify`.
 */
export function compile<T>(lines: readonly string[], scope: Readonly<Record<string, unknown>>): T {
  const source = ["'use strict'", ...lines].join("\n");
  // oxlint-disable-next-line typescript/no-implied-eval -- as protobufjs itself makes codecs
  return new Function(...Object.keys(scope), source)(...Object.values(scope)) as T;
}
