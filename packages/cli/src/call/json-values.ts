import type { JsonValue } from "@bufbuild/protobuf";
import { ConfigError } from "@rollcall/core";

/**
 * The JSON values of a text that arrives in pieces: one after the other, on lines of their own or not. Each comes as soon as it
 * is complete. Integers beyond 2^53 come as strings, which ProtoJSON reads without loss.
 * @param origin where the text comes from, for errors
 * @throws ConfigError for what is no JSON; it says which value
 */
export async function* jsonValues(
  pieces: AsyncIterable<string> | Iterable<string>,
  origin: string,
): AsyncIterable<JsonValue> {
  let count = 0;
  const parse = (text: string): JsonValue => {
    count++;
    try {
      return JSON.parse(text, keepDigits) as JsonValue;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError(`value ${count} of ${origin} is no JSON: ${reason}`, { cause });
    }
  };
  const splitter = new Splitter();
  for await (const piece of pieces) for (const text of splitter.push(piece)) yield parse(text);
  const rest = splitter.rest();
  if (rest !== "") yield parse(rest);
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context?.source ?? "") ? context?.source : value;
}

/** Finds where values end; whether they are any is for the parser to say. */
class Splitter {
  #text = "";
  /** How much of the text has been looked at. */
  #at = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  *push(piece: string): Iterable<string> {
    this.#text += piece;
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (character === "\\") this.#escaped = true;
        else if (character === '"') {
          this.#inString = false;
          if (this.#depth === 0) yield* this.#cut(this.#at + 1);
        }
      } else if (/\s/.test(character)) {
        if (this.#depth === 0) yield* this.#cut(this.#at);
      } else if ('"{['.includes(character)) {
        // Also ends a number or a word before it.
        if (this.#depth === 0) yield* this.#cut(this.#at);
        if (character === '"') this.#inString = true;
        else this.#depth++;
      } else if ("}]".includes(character)) {
        this.#depth = Math.max(0, this.#depth - 1);
        if (this.#depth === 0) yield* this.#cut(this.#at + 1);
      }
    }
  }

  rest(): string {
    return this.#text.trim();
  }

  /** The text before an index, unless it is blank; what follows is looked at from there. */
  *#cut(end: number): Iterable<string> {
    const value = this.#text.slice(0, end).trim();
    this.#text = this.#text.slice(end);
    this.#at -= end;
    if (value !== "") yield value;
  }
}
