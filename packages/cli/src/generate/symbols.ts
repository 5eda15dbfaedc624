import protobuf from "protobufjs";
import type { Position, Problem } from "./problem.js";
import type { SourceFile } from "./sources.js";

export type SymbolKind = "message" | "enum" | "service";

/** A name that a field or a method may refer to. */
export interface ProtoSymbol {
  readonly kind: SymbolKind;
  /** `shop.v1.Order`, without a leading dot. */
  readonly fullName: string;
  /** The import name of the file that defines it. */
  readonly file: string;
}

/** The names one file can refer to. */
export interface Scope {
  /**
   * Finds what a name means, from the innermost scope outward.
   * @param reference as written: `Item`, `common.Money`, `.shop.v1.Order`
   * @param around the full name of the message or package it is written in
   * @returns the symbol, or why there is none
   */
  lookup(reference: string, around: string): ProtoSymbol | string;
}

/** Everything a file defines, in the order of the file, by full name. */
export function definitions(file: SourceFile): Map<string, protobuf.Type | protobuf.Enum | protobuf.Service> {
  const found = new Map<string, protobuf.Type | protobuf.Enum | protobuf.Service>();
  const visit = (namespace: protobuf.NamespaceBase): void => {
    for (const each of namespace.nestedArray) {
      const isDefinition =
        each instanceof protobuf.Type || each instanceof protobuf.Enum || each instanceof protobuf.Service;
      if (isDefinition) found.set(each.fullName.slice(1), each);
      if (each instanceof protobuf.Namespace) visit(each);
    }
  };
  visit(file.root);
  return found;
}

/**
 * What a file may refer to: its own definitions, those of its imports, and what these import publicly.
 * Reports names that two of the files below it define: loaded together they would be one.
 */
export function scopeOf(
  file: SourceFile,
  files: ReadonlyMap<string, SourceFile>,
): { scope: Scope; problems: Problem[] } {
  const visible = visibleFrom(file, files);
  const symbols = new Map<string, ProtoSymbol>();
  const problems: Problem[] = [];
  for (const each of closureOf(file, files)) {
    for (const [fullName, definition] of definitions(each)) {
      const present = symbols.get(fullName);
      if (present) {
        const reason = `"${fullName}" is also defined in "${present.file}"`;
        problems.push({ file: each.display, ...positionOf(each, fullName), reason });
      }
      if (!present) symbols.set(fullName, { kind: kindOf(definition), fullName, file: each.name });
    }
  }
  return { scope: { lookup }, problems };

  function lookup(reference: string, around: string): ProtoSymbol | string {
    const symbol = reference.startsWith(".") ? symbols.get(reference.slice(1)) : outward(reference, around);
    if (!symbol) return `unknown type "${reference}"`;
    if (visible.has(symbol.file)) return symbol;
    return `"${symbol.fullName}" is defined in "${symbol.file}", which is not imported here`;
  }

  function outward(reference: string, around: string): ProtoSymbol | undefined {
    for (let scope = around; scope; scope = scope.slice(0, Math.max(0, scope.lastIndexOf(".")))) {
      const symbol = symbols.get(`${scope}.${reference}`);
      if (symbol) return symbol;
    }
    return symbols.get(reference);
  }
}

/** Where a declaration's name stands. */
export function positionOf(file: SourceFile, fullName: string): Position {
  const found = file.outline.declarations.find((each) => each.fullName === fullName);
  return found?.at ?? { line: 1, column: 1 };
}

function visibleFrom(file: SourceFile, files: ReadonlyMap<string, SourceFile>): Set<string> {
  const visible = new Set([file.name]);
  const add = (name: string): void => {
    if (visible.has(name)) return;
    visible.add(name);
    for (const each of files.get(name)?.imports ?? []) if (each.isPublic) add(each.name);
  };
  for (const each of file.imports) add(each.name);
  return visible;
}

/** The file's imports, direct and indirect, then the file itself. */
function closureOf(file: SourceFile, files: ReadonlyMap<string, SourceFile>): Set<SourceFile> {
  const found = new Set<SourceFile>();
  const visit = (each: SourceFile): void => {
    if (found.has(each)) return;
    for (const { name } of each.imports) {
      const imported = files.get(name);
      if (imported) visit(imported);
    }
    found.add(each);
  };
  visit(file);
  return found;
}

function kindOf(definition: protobuf.ReflectionObject): SymbolKind {
  if (definition instanceof protobuf.Type) return "message";
  return definition instanceof protobuf.Enum ? "enum" : "service";
}
