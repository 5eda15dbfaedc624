import type { Position } from "./problem.js";

/** A token of a proto file. Dotted names and signed exponents are one token, any other symbol is its own. */
export interface Token extends Position {
  readonly text: string;
  /** The comments between the token before and this one. */
  readonly before: readonly Comment[];
}

export interface Comment {
  /** As written, with its delimiters. */
  readonly text: string;
  readonly line: number;
  readonly endLine: number;
}

const lexeme =
  /(?<space>\s+)|(?<comment>\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))|(?<token>"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[\w.]+|[^])/gy;

/**
 * Splits a proto into tokens. protobufjs parses; this tells where things stand and what is written above them, which
 * protobufjs does not. It never fails: what is not a proto becomes tokens that the parser then refuses.
 * @returns the tokens, and the comments after the last one
 */
export function tokenize(source: string): { tokens: Token[]; rest: Comment[] } {
  const tokens: Token[] = [];
  let before: Comment[] = [];
  let line = 1;
  let lineStart = 0;
  for (const match of source.matchAll(lexeme)) {
    const text = match[0];
    const started = line;
    const column = match.index - lineStart + 1;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
      line += 1;
      lineStart = match.index + at + 1;
    }
    if (match.groups?.["comment"] !== undefined) before.push({ text, line: started, endLine: line });
    if (match.groups?.["token"] === undefined) continue;
    tokens.push({ text, line: started, column, before });
    before = [];
  }
  return { tokens, rest: before };
}
