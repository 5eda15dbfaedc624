import protobuf from "protobufjs";
import type { TypeModel } from "./model.js";
import type { Declaration } from "./outline.js";
import type { Position, Problem } from "./problem.js";
import type { SourceFile } from "./sources.js";
import type { ProtoSymbol, Scope, SymbolKind } from "./symbols.js";

/** Resolves what one file refers to, reports what cannot be, and remembers the other files it needs. */
export class References {
  readonly file: SourceFile;
  /** The other files whose types are referred to. */
  readonly uses: Set<string> = new Set();
  readonly #scope: Scope;
  readonly #report: (problem: Problem) => void;
  readonly #declarations: ReadonlyMap<string, Declaration>;

  constructor(file: SourceFile, scope: Scope, report: (problem: Problem) => void) {
    this.file = file;
    this.#scope = scope;
    this.#report = report;
    this.#declarations = new Map(file.outline.declarations.map((each) => [keyOf(each), each]));
  }

  /** The declaration of a full name whose last part is as protobufjs writes it (fields in camelCase). */
  declaration(fullName: string): Declaration | undefined {
    return this.#declarations.get(fullName);
  }

  /** The comment of a declaration, with `@deprecated` when its option says so. */
  doc(fullName: string, options?: { readonly [name: string]: unknown }): string {
    const text = this.declaration(fullName)?.doc ?? "";
    if (options?.["deprecated"] !== true || text.includes("@deprecated")) return text;
    return text ? `${text}\n@deprecated` : "@deprecated";
  }

  refuse(at: Position, reason: string): void {
    this.#report({ file: this.file.display, line: at.line, column: at.column, reason });
  }

  /** Reports at the declaration's name. */
  refuseAt(fullName: string, reason: string): void {
    this.refuse(this.declaration(fullName)?.at ?? { line: 1, column: 1 }, reason);
  }

  /** The type a declaration refers to; undefined when it was refused. */
  type(
    reference: string,
    around: string,
    user: string,
    allowed: readonly SymbolKind[] = ["message", "enum"],
  ): TypeModel | undefined {
    if (reference in protobuf.types.basic && allowed.includes("enum"))
      return { kind: "scalar", name: reference };
    const declaration = this.declaration(user);
    const token = declaration?.tokens.find(({ text }) => text === reference);
    const at = token ?? declaration?.at ?? { line: 1, column: 1 };
    const symbol = this.find(reference, around, at);
    if (!symbol) return undefined;
    const { kind, fullName, file } = symbol;
    if (kind === "service" || !allowed.includes(kind)) {
      this.refuse(at, `"${fullName}" is ${kind === "enum" ? "an enum" : `a ${kind}`}, not a ${allowed[0]}`);
      return undefined;
    }
    if (file !== this.file.name) this.uses.add(file);
    return { kind, fullName, file };
  }

  find(reference: string, around: string, at: Position): ProtoSymbol | undefined {
    const found = this.#scope.lookup(reference, around);
    if (typeof found !== "string") return found;
    this.refuse(at, found);
    return undefined;
  }

  /** The reference with a leading dot; as it is when it is a scalar or was refused. */
  absolute(reference: string, around: string): string {
    if (reference in protobuf.types.basic) return reference;
    const found = this.#scope.lookup(reference, around);
    return typeof found === "string" ? reference : `.${found.fullName}`;
  }
}

function keyOf({ kind, fullName, name }: Declaration): string {
  if (kind !== "field" && kind !== "oneof") return fullName;
  return fullName.slice(0, fullName.length - name.length) + protobuf.util.camelCase(name);
}
