import { docOf } from "./comment.js";
import { tokenize, type Token } from "./lexer.js";
import type { Position } from "./problem.js";

export type DeclarationKind = "message" | "enum" | "service" | "oneof" | "extend" | "field" | "value" | "rpc";

/** Something a proto declares, and where. */
export interface Declaration {
  readonly kind: DeclarationKind;
  /** The full name as written: `shop.v1.Order.item_count`. Enum values stand below their enum. */
  readonly fullName: string;
  readonly name: string;
  readonly at: Position;
  readonly doc: string;
  /** The statement's tokens, up to its `;` or `{`. */
  readonly tokens: readonly Token[];
  /** How many messages are around it. */
  readonly depth: number;
}

/** A statement at the top of the file: `syntax`, `edition`, `package`, `import`. */
export interface Head {
  readonly keyword: string;
  readonly tokens: readonly Token[];
}

export interface Outline {
  readonly tokens: readonly Token[];
  readonly heads: readonly Head[];
  readonly declarations: readonly Declaration[];
}

type ScopeKind = DeclarationKind | "other";
interface Scope {
  readonly kind: ScopeKind;
  /** The prefix of what is declared inside. */
  readonly path: string;
  readonly depth: number;
}

const bodies = new Set(["message", "enum", "service", "oneof", "extend", "rpc"]);

/**
 * What a proto declares, with positions and comments, in the order of the file. Reads leniently, so that a file the
 * parser refuses still has an outline to locate the error in; does not recurse, so nesting cannot exhaust the stack.
 */
export function outline(source: string): Outline {
  const { tokens, rest } = tokenize(source);
  const heads: Head[] = [];
  const declarations: Declaration[] = [];
  const scopes: Scope[] = [];
  let top: Scope = { kind: "other", path: "", depth: 0 };

  for (let index = 0; index < tokens.length;) {
    const end = statementEnd(tokens, index);
    const statement = tokens.slice(index, end);
    const scope = scopes.at(-1) ?? top;
    const terminator = tokens[end];
    const [first] = statement;

    if (first && scopes.length === 0 && ["syntax", "edition", "package", "import"].includes(first.text)) {
      heads.push({ keyword: first.text, tokens: statement });
      if (first.text === "package") top = { ...top, path: textAfter(statement) };
    }
    const found = first && declared(statement, scope, terminator?.text === "{");
    if (first && found) {
      const after = tokens[end + 1]?.before ?? rest;
      const doc = docOf(first, tokens[index - 1], terminator ?? first, after, tokens[end + 1]);
      const fullName = join(scope.path, found.token.text);
      const { line, column } = found.token;
      const { kind } = found;
      const { depth } = scope;
      declarations.push({
        kind,
        fullName,
        name: found.token.text,
        at: { line, column },
        doc,
        tokens: statement,
        depth,
      });
    }
    if (terminator?.text === "{") scopes.push(inside(found, scope));
    if (terminator?.text === "}") scopes.pop();
    index = end + 1;
  }
  return { tokens, heads, declarations };
}

/** The index of the `;`, `{` or `}` that ends the statement; braces inside option values do not. */
function statementEnd(tokens: readonly Token[], start: number): number {
  const isOption = tokens[start]?.text === "option" && tokens[start + 1]?.text !== "=";
  let nested = 0;
  for (let index = start; index < tokens.length; index += 1) {
    const text = tokens[index]?.text;
    if (text === "[" || (text === "{" && (isOption || nested > 0))) nested += 1;
    else if (text === "]" || (text === "}" && nested > 0)) nested = Math.max(0, nested - 1);
    else if (nested === 0 && (text === ";" || text === "{" || text === "}")) return index;
  }
  return tokens.length;
}

function declared(
  statement: readonly Token[],
  scope: Scope,
  opensBody: boolean,
): { kind: DeclarationKind; token: Token } | undefined {
  const [first, second] = statement;
  if (!first) return undefined;
  const assignment = statement.findIndex((token) => token.text === "=");
  const named = assignment > 0 ? statement[assignment - 1] : undefined;
  const isOption = first.text === "option" && second?.text !== "=";
  if (isOption) return undefined;
  if (scope.kind === "enum") return named && { kind: "value", token: named };
  if (second && bodies.has(first.text) && (opensBody || first.text === "rpc") && !named) {
    return { kind: first.text as DeclarationKind, token: second };
  }
  const holdsFields = scope.kind === "message" || scope.kind === "oneof" || scope.kind === "extend";
  return holdsFields && assignment > 1 && named ? { kind: "field", token: named } : undefined;
}

function inside(found: { kind: DeclarationKind; token: Token } | undefined, scope: Scope): Scope {
  if (!found) return { ...scope, kind: "other" };
  // A field with a body is a proto2 group.
  const isMessage = found.kind === "message" || found.kind === "field";
  if (found.kind === "oneof" || found.kind === "extend") return { ...scope, kind: found.kind };
  return {
    kind: isMessage ? "message" : found.kind,
    path: join(scope.path, found.token.text),
    depth: scope.depth + (isMessage ? 1 : 0),
  };
}

function textAfter(statement: readonly Token[]): string {
  return statement
    .slice(1)
    .map((token) => token.text)
    .join("");
}

function join(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}
