import protobuf from "protobufjs";
import type { Declaration, Outline } from "./outline.js";
import type { Position } from "./problem.js";

export type Syntax = "proto2" | "proto3";

/** A syntax error or a duplicate, at its place. */
export class ParseError extends Error {
  override readonly name = "ParseError";
  readonly at: Position;

  constructor(at: Position, reason: string) {
    super(reason);
    this.at = at;
  }
}

/** How deep protoc and protobufjs let messages nest. */
const deepest = 32;

/**
 * Parses one proto, without its imports, into a root of its own.
 * @throws {ParseError} with the place and the reason, for whatever the parser refuses
 */
export function parseProto(source: string, outline: Outline): { root: protobuf.Root; syntax: Syntax } {
  const syntax = syntaxOf(outline);
  for (const { name, kind, depth, at } of outline.declarations) {
    if (name === "__proto__") throw new ParseError(at, 'nothing can be named "__proto__"');
    if (kind === "message" && depth >= deepest) {
      throw new ParseError(at, `messages are nested more than ${deepest} deep`);
    }
  }
  const named = outline.heads.find(({ keyword, tokens }) => keyword === "package" && tokens[1]);
  if (named?.tokens.some(({ text }) => text.split(".").includes("__proto__"))) {
    throw new ParseError(named.tokens[1] ?? { line: 1, column: 1 }, 'nothing can be named "__proto__"');
  }
  try {
    const { root } = protobuf.parse(source, new protobuf.Root(), { keepCase: false });
    return { root, syntax };
  } catch (error) {
    throw located(error instanceof Error ? error.message : String(error), source, outline);
  }
}

function syntaxOf(outline: Outline): Syntax {
  const head = outline.heads.find(({ keyword }) => keyword === "syntax" || keyword === "edition");
  const value = head?.tokens[2];
  if (!value) return "proto2";
  if (head.keyword === "edition") throw new ParseError(value, "editions are not supported: use proto3");
  const syntax = value.text.slice(1, -1);
  if (syntax === "proto2" || syntax === "proto3") return syntax;
  throw new ParseError(value, `unknown syntax ${value.text}: use "proto3"`);
}

function located(message: string, source: string, outline: Outline): ParseError {
  const illegal = /^illegal ([^]*) \(line (\d+)\)$/.exec(message);
  if (illegal) return syntaxError(illegal[1] ?? "", Number(illegal[2]), source, outline);
  const clash = /^(duplicate )?(name|id) '?([\w.-]+)'?( is reserved)? in (\w+) ?(\S*)$/.exec(message);
  // The parser reads on past the end of a body that is not closed.
  if (message.startsWith("Cannot read properties of null")) return endOfFile(outline, "");
  if (!clash) return new ParseError({ line: 1, column: 1 }, message);
  const [, duplicate, what = "", value = "", , kind = "", container = ""] = clash;
  const place = `${containers[kind] ?? kind} ${container.replace(/^\./, "")}`.trim();
  const subject = what === "id" ? `number ${value}` : `name "${value}"`;
  const reason = `${subject} ${duplicate ? "is used twice" : "is reserved"} in ${place}`;
  const matching = outline.declarations.filter((declaration) => clashes(declaration, what, value, container));
  const at = matching.at(duplicate ? 1 : 0) ?? matching[0];
  return new ParseError(at?.at ?? { line: 1, column: 1 }, reason);
}

const containers: Record<string, string> = {
  Type: "message",
  Enum: "enum",
  Service: "service",
  Namespace: "package",
  Root: "the file",
};

function clashes(declaration: Declaration, what: string, value: string, container: string): boolean {
  const around = declaration.fullName.split(".").at(-2) ?? "";
  if (around !== (container.split(".").at(-1) ?? "")) return false;
  if (what === "name")
    return declaration.name === value || protobuf.util.camelCase(declaration.name) === value;
  const equals = declaration.tokens.findIndex((token) => token.text === "=");
  const number = declaration.tokens
    .slice(equals + 1, equals + 3)
    .map((token) => token.text)
    .join("");
  return equals > 0 && Number.parseInt(number) === Number(value);
}

function syntaxError(what: string, line: number, source: string, outline: Outline): ParseError {
  const quoted = /^(.*?) '([^]*?)'(?:, '(.+)' expected)?$/.exec(what);
  const [, kind = "", found = "", expected] = quoted ?? [];
  const wanted = expected === undefined ? "" : `, expected "${expected}"`;
  if (!quoted)
    return new ParseError({ line, column: columnOf(what, line, source, outline) }, `unterminated ${what}`);
  if (found === "null") return endOfFile(outline, wanted);
  const at = { line, column: columnOf(found, line, source, outline) };
  if (kind === "token") return new ParseError(at, `unexpected "${found}"${wanted}`);
  return new ParseError(at, `"${found}" is not a valid ${kind}`);
}

function endOfFile(outline: Outline, wanted: string): ParseError {
  const last = outline.tokens.at(-1);
  const at = { line: last?.line ?? 1, column: last ? last.column + last.text.length : 1 };
  return new ParseError(at, `unexpected end of file${wanted}`);
}

/** protobufjs tells the line only. */
function columnOf(text: string, line: number, source: string, outline: Outline): number {
  const token = outline.tokens.find((each) => each.line === line && each.text === text);
  if (token) return token.column;
  const row = source.split("\n")[line - 1] ?? "";
  return Math.max(row.indexOf(text), row.search(/\S/), 0) + 1;
}
