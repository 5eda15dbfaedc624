import { docblock } from "./comment.js";
import type { EnumModel } from "./model.js";
import type { ModuleScope } from "./module-scope.js";

/** An enum's values as a union of strings, and a constant to name them by. */
export function emitEnum(model: EnumModel, scope: ModuleScope): string {
  const { name } = scope.own(model.fullName);
  const unknown = "A value added later than this file arrives as its number: give a `switch` a `default`.";
  const doc = docblock(model.doc ? `${model.doc}\n\n${unknown}` : unknown);
  const union = model.values.map((value) => `\n  | "${value.name}"`).join("");
  const types = model.values.map(
    (value) => `${docblock(value.doc, "  ")}  readonly ${value.name}: "${value.name}";\n`,
  );
  const values = model.values.map((value) => `  ${value.name}: "${value.name}",\n`);
  return (
    `${doc}export type ${name} =${union};\n` +
    `export const ${name}: {\n${types.join("")}} = {\n${values.join("")}};\n`
  );
}
