import path from "node:path";
import type { FileModel, TypeModel } from "./model.js";
import { modulePath, NameSet, relativeImport, type FileNames, type LocalNames } from "./names.js";
import { reservedNames, usedGlobals } from "./reserved-names.js";

interface ImportedName {
  readonly exported: string;
  readonly local: string;
  readonly typeOnly: boolean;
}

/** The names inside one generated module: its own, and those it imports as they are asked for. */
export class ModuleScope {
  readonly #model: FileModel;
  readonly #allNames: ReadonlyMap<string, FileNames>;
  readonly #models: ReadonlyMap<string, FileModel>;
  readonly #own: FileNames;
  readonly #declared: ReadonlySet<string>;
  readonly #locals: NameSet;
  /** By module specifier, then by exported name. */
  readonly #imports = new Map<string, Map<string, ImportedName>>();

  constructor(
    model: FileModel,
    models: ReadonlyMap<string, FileModel>,
    allNames: ReadonlyMap<string, FileNames>,
  ) {
    this.#model = model;
    this.#models = models;
    this.#allNames = allNames;
    this.#own = namesOf(model.name, allNames);
    const own = [...this.#own.of.values()];
    this.#declared = new Set([
      this.#own.file,
      ...own.flatMap(({ name, init, fields, initFields }) => [name, init, fields, initFields]),
    ]);
    this.#locals = new NameSet([...reservedNames, ...usedGlobals, ...this.#declared]);
  }

  /** The name of the exported `ProtoFile`. */
  get file(): string {
    return this.#own.file;
  }

  own(fullName: string): LocalNames {
    const names = this.#own.of.get(fullName);
    if (!names) throw new Error(`no name for ${fullName}`);
    return names;
  }

  /** How to write a message or enum type, received or sent. */
  reference(type: Exclude<TypeModel, { kind: "scalar" }>, side: "received" | "sent"): string {
    const names = namesOf(type.file, this.#allNames).of.get(type.fullName);
    if (!names) throw new Error(`no name for ${type.fullName}`);
    const exported = side === "sent" ? names.init : names.name;
    if (type.file === this.#model.name) return exported;
    const prefix = this.#models.get(type.file)?.package.replaceAll(".", "_") ?? "";
    return this.#import(this.#specifier(type.file), exported, `${prefix}_${exported}`, true);
  }

  /** A global type, whatever the proto declares. */
  global(name: "Buffer" | "Uint8Array"): string {
    return this.#declared.has(name) ? `globalThis.${name}` : name;
  }

  /** The `ProtoFile` of another proto. */
  importFile(proto: string): string {
    const base = path.posix
      .basename(proto, ".proto")
      .replaceAll(/\W/g, "_")
      .replace(/^(?=\d)/, "_");
    return this.#import(
      this.#specifier(proto),
      namesOf(proto, this.#allNames).file,
      `${base}File`,
      false,
      true,
    );
  }

  /** A name of the framework's module. */
  importFrom(specifier: string, exported: string, typeOnly: boolean): string {
    return this.#import(specifier, exported, exported, typeOnly);
  }

  /** The import statements for all that was asked for, sorted. */
  importStatements(): string {
    const statements = [...this.#imports]
      .toSorted(([a], [b]) => compare(a, b))
      .map(([specifier, names]) => {
        const sorted = [...names.values()].toSorted((a, b) => compare(a.exported, b.exported));
        const allTypes = sorted.every(({ typeOnly }) => typeOnly);
        const parts = sorted.map(({ exported, local, typeOnly }) => {
          const renamed = exported === local ? exported : `${exported} as ${local}`;
          return typeOnly && !allTypes ? `type ${renamed}` : renamed;
        });
        const keyword = allTypes ? "import type" : "import";
        return `${keyword} {\n${parts.map((part) => `  ${part},\n`).join("")}} from ${JSON.stringify(specifier)};\n`;
      });
    return statements.join("");
  }

  #specifier(proto: string): string {
    return relativeImport(modulePath(this.#model.name), modulePath(proto));
  }

  #import(specifier: string, exported: string, fallback: string, typeOnly: boolean, renamed = false): string {
    const names = this.#imports.get(specifier) ?? new Map<string, ImportedName>();
    this.#imports.set(specifier, names);
    const present = names.get(exported);
    if (present) return present.local;
    const local = this.#locals.claim(renamed || this.#locals.has(exported) ? fallback : exported);
    names.set(exported, { exported, local, typeOnly });
    return local;
  }
}

function namesOf(proto: string, allNames: ReadonlyMap<string, FileNames>): FileNames {
  const names = allNames.get(proto);
  if (!names) throw new Error(`no names for ${proto}`);
  return names;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
