import path from "node:path";
import type protobuf from "protobufjs";
import { outline, type Outline } from "./outline.js";
import { ParseError, parseProto, type Syntax } from "./parse.js";
import { GenerateError, type Position, type Problem } from "./problem.js";
import { readIfPresent } from "./read-if-present.js";
import { wellKnownProto } from "./well-known.js";

/** A parsed proto, before its type names are resolved. */
export interface SourceFile {
  /** As protos import it: `shop/v1/shop.proto`. */
  readonly name: string;
  /** As errors write it. */
  readonly display: string;
  readonly outline: Outline;
  readonly syntax: Syntax;
  /** The definitions of this file alone. */
  readonly root: protobuf.Root;
  readonly imports: readonly Import[];
}

export interface Import {
  readonly name: string;
  readonly isPublic: boolean;
  readonly at: Position;
}

/**
 * Reads protos and all they import.
 * @param names as protos import them
 * @param protoPaths absolute directories, the first that has a file wins; well-known protos need none
 * @param cwd errors write paths relative to it
 * @returns by name, in the order of the names
 * @throws {GenerateError} for a syntax error, a duplicate, an import that is missing, cyclic or not a plain path
 */
export async function readSources(
  names: readonly string[],
  protoPaths: readonly string[],
  cwd: string,
): Promise<ReadonlyMap<string, SourceFile>> {
  const read = new Map<string, SourceFile>();
  const problems: Problem[] = [];

  async function visit(name: string, chain: readonly string[]): Promise<string | undefined> {
    if (chain.includes(name)) {
      return `import cycle: ${[...chain.slice(chain.indexOf(name)), name].join(" -> ")}`;
    }
    if (read.has(name)) return undefined;
    const reason = refusedPath(name);
    if (reason) return reason;
    const found = await find(name, protoPaths, cwd);
    if (!found) {
      const searched = protoPaths.map((each) => shown(each, cwd)).join(", ");
      return `no file "${name}" in ${searched}: is a --proto-path missing?`;
    }
    const file = parsed(name, found.source, found.display);
    for (const each of file.imports) {
      const refused = await visit(each.name, [...chain, name]);
      if (refused) problems.push({ file: file.display, ...each.at, reason: refused });
    }
    read.set(name, file);
    return undefined;
  }

  for (const name of names) {
    const refused = await visit(name, []);
    if (refused) problems.push({ file: name, line: 1, column: 1, reason: refused });
  }
  if (problems.length > 0) throw new GenerateError(problems);
  return new Map([...read].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Why an import path is refused: one that is not plain would also be written outside of the output directory. */
function refusedPath(name: string): string | undefined {
  const segments = name.split("/");
  // oxlint-disable-next-line no-control-regex
  const isPlain = !/[\\\u0000-\u001f]/.test(name) && !segments.some((each) => ["", ".", ".."].includes(each));
  if (!isPlain) return `${JSON.stringify(name)} is not a path below a proto path`;
  return name.endsWith(".proto") ? undefined : `${JSON.stringify(name)} does not end in .proto`;
}

async function find(
  name: string,
  protoPaths: readonly string[],
  cwd: string,
): Promise<{ source: string; display: string } | undefined> {
  for (const protoPath of protoPaths) {
    const file = path.join(protoPath, name);
    const source = await readIfPresent(file);
    if (source !== undefined) return { source, display: shown(file, cwd) };
  }
  const source = await wellKnownProto(name);
  return source === undefined ? undefined : { source, display: name };
}

function parsed(name: string, source: string, display: string): SourceFile {
  const outlined = outline(source);
  try {
    const { root, syntax } = parseProto(source, outlined);
    return { name, display, outline: outlined, syntax, root, imports: importsOf(outlined) };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new GenerateError([{ file: display, ...plain(error.at), reason: error.message }]);
  }
}

function importsOf(outlined: Outline): Import[] {
  return outlined.heads
    .filter(({ keyword }) => keyword === "import")
    .map(({ tokens }) => {
      const strings = tokens.filter(({ text }) => /^["']/.test(text));
      return {
        name: strings.map(({ text }) => text.slice(1, -1)).join(""),
        isPublic: tokens[1]?.text === "public",
        at: plain(strings[0] ?? tokens[0] ?? { line: 1, column: 1 }),
      };
    });
}

function plain({ line, column }: Position): Position {
  return { line, column };
}

function shown(file: string, cwd: string): string {
  const relative = path.relative(cwd, file) || ".";
  const inside = !relative.startsWith("..") && !path.isAbsolute(relative);
  return inside ? relative.split(path.sep).join("/") : file;
}
