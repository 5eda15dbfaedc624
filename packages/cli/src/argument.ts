import { ConfigError } from "@rollcall/core";
import { InvalidArgumentError } from "commander";

/** A parser of values as commander takes it: its errors name the option. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof ConfigError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/** As `argument`, for options that may be given more than once. */
export function repeated<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => readonly T[] {
  const one = argument(parse);
  return (text, before) => [...(before ?? []), one(text)];
}

/**
 * `key=value`; the value may have further equals signs.
 * @throws ConfigError without a key or an equals sign
 */
export function parsePair(text: string): readonly [key: string, value: string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1)];
  throw new ConfigError(`${JSON.stringify(text)} is not key=value`);
}

/**
 * A whole number from 1.
 * @throws ConfigError for anything else
 */
export function parseCount(text: string): number {
  return countFrom(1, text);
}

/**
 * A whole number from 0.
 * @throws ConfigError for anything else
 */
export function parseCountOrNone(text: string): number {
  return countFrom(0, text);
}

function countFrom(least: number, text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= least && Number.isSafeInteger(count)) return count;
  throw new ConfigError(`${JSON.stringify(text)} is not a whole number from ${least}`);
}

/**
 * A port, 0 for any.
 * @throws ConfigError for anything else
 */
export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new ConfigError(`expected a port from 0 to 65535, not ${JSON.stringify(text)}`);
}
