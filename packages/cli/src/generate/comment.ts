import type { Comment, Token } from "./lexer.js";

/**
 * The comment that documents a declaration, by protoc's rules: the block that ends on the line above it, else what
 * follows it on its own line.
 * @param first the declaration's first token
 * @param previous the token before it
 * @param last the token that ends the declaration or opens its body
 * @param after the comments behind `last`
 * @param next the token behind `last`
 */
export function docOf(
  first: Token,
  previous: Token | undefined,
  last: Token,
  after: readonly Comment[],
  next: Token | undefined,
): string {
  return leading(first, previous) || trailing(last, after, next);
}

function leading(first: Token, previous: Token | undefined): string {
  const block: Comment[] = [];
  let below = first.line;
  for (const comment of first.before.toReversed()) {
    const detached = comment.endLine < below - 1;
    const trailsPrevious = comment.line === previous?.line && comment.endLine !== first.line;
    if (detached || trailsPrevious) break;
    block.unshift(comment);
    below = comment.line;
  }
  return block.map(textOf).join("\n").trim();
}

function trailing(last: Token, after: readonly Comment[], next: Token | undefined): string {
  const comment = after[0];
  if (!comment || comment.line !== last.line || comment.endLine === next?.line) return "";
  return textOf(comment).trim();
}

function textOf(comment: Comment): string {
  if (comment.text.startsWith("//")) return comment.text.replace(/^\/\/+ ?/, "").trimEnd();
  return comment.text
    .replace(/^\/\*+/, "")
    .replace(/\**\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .map((line, index) => (index === 0 ? line.trimStart() : line))
    .join("\n");
}

/** A docblock with its indent and a final line feed, or nothing when there is no text. */
export function docblock(text: string, indent: string = ""): string {
  if (!text) return "";
  const lines = text.replaceAll("*/", "*\\/").replaceAll("\r", "").split("\n");
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  const body = lines.map((line) => `${indent} * ${line}`.trimEnd());
  return `${indent}/**\n${body.join("\n")}\n${indent} */\n`;
}
