import path from "node:path";
import { reservedNames } from "./reserved-names.js";
import type { FileModel } from "./model.js";

/** What one definition is called in TypeScript. */
export interface LocalNames {
  /** The message, enum or service: `Order`, `Order_Item` for a nested one. */
  readonly name: string;
  /** What one may send: `OrderInit`. Messages only. */
  readonly init: string;
  /** The part outside of oneofs: `OrderFields` and `OrderInitFields`. Messages only. */
  readonly fields: string;
  readonly initFields: string;
}

/** The exported names of one generated module. */
export interface FileNames {
  readonly file: string;
  readonly of: ReadonlyMap<string, LocalNames>;
}

/**
 * Names a module's exports. A nested `Order.Item` becomes `Order_Item`, as in protobuf-es: flat names need no
 * TypeScript namespace and can be imported one by one. On a clash with a word of TypeScript or with another export a
 * `$` is appended, which no proto name contains; top-level definitions keep their name before nested and derived ones.
 */
export function nameFile(model: FileModel): FileNames {
  const names = new NameSet(reservedNames);
  const claimed = new Map<string, string>();
  const all = [...model.messages, ...model.enums, ...model.services].map(({ fullName }) => fullName);
  const flat = (fullName: string): string =>
    fullName.slice(model.package ? model.package.length + 1 : 0).replaceAll(".", "_");
  const isNested = (fullName: string): boolean =>
    fullName.slice(model.package ? model.package.length + 1 : 0).includes(".");
  for (const each of all.filter((name) => !isNested(name))) claimed.set(each, names.claim(flat(each)));
  for (const each of all.filter(isNested)) claimed.set(each, names.claim(flat(each)));

  const of = new Map<string, LocalNames>();
  for (const { fullName } of [...model.enums, ...model.services]) {
    const name = claimed.get(fullName) ?? "";
    of.set(fullName, { name, init: name, fields: name, initFields: name });
  }
  for (const { fullName, oneofs } of model.messages) {
    const name = claimed.get(fullName) ?? "";
    const init = names.claim(`${flat(fullName)}Init`);
    const split = oneofs.length > 0;
    const fields = split ? names.claim(`${flat(fullName)}Fields`) : name;
    const initFields = split ? names.claim(`${flat(fullName)}InitFields`) : init;
    of.set(fullName, { name, init, fields, initFields });
  }
  return { file: names.claim("file"), of };
}

/** Names in one scope, each given once. */
export class NameSet {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  has(name: string): boolean {
    return this.#taken.has(name);
  }

  /** The name, with as many `$` behind it as make it free. */
  claim(wanted: string): string {
    let name = wanted;
    while (this.#taken.has(name)) name += "$";
    this.#taken.add(name);
    return name;
  }
}

/** The path of a proto's module below the output directory: `shop/v1/shop.ts`. */
export function modulePath(proto: string): string {
  return proto.replace(/\.proto$/, ".ts");
}

/** How a generated module imports another one; both are paths below the output directory. */
export function relativeImport(fromModule: string, target: string): string {
  const relative = path.posix
    .relative(path.posix.dirname(`/${fromModule}`), `/${target}`)
    .replace(/\.ts$/, ".js");
  return relative.startsWith(".") ? relative : `./${relative}`;
}

/** How a generated module imports what a path from the output directory leads to, also out of it. */
export function importFromOut(fromModule: string, target: string): string {
  const up = "../".repeat(fromModule.split("/").length - 1);
  const relative = path.posix.normalize(`${up}${target}`);
  return relative.startsWith(".") ? relative : `./${relative}`;
}
