import type { FieldModel, TypeModel } from "./model.js";
import type { ModuleScope } from "./module-scope.js";

/** `received` is complete, as the codec decodes it; `sent` may leave out everything that is not required. */
export type Side = "received" | "sent";

const longs = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);

/** One property of a message, with its `?` and what else may stand there. */
export function emitProperty(field: FieldModel, side: Side, scope: ModuleScope): string {
  const type = valueType(field.type, side, scope);
  const open = side === "sent" ? "readonly " : "";
  const shape = {
    map: `{ ${open}[key: string]: ${type} }`,
    repeated: `${open}${type.includes(" ") ? `(${type})` : type}[]`,
    single: field.type.kind === "message" ? `${type} | null` : type,
    optional: type,
    required: type,
  }[field.rule];
  const mayBeAbsent = field.rule === "optional" || (side === "sent" && field.rule !== "required");
  return mayBeAbsent ? `${field.name}?: ${shape} | undefined` : `${field.name}: ${shape}`;
}

/** The type of one value, without regard to how often it may occur. */
export function valueType(type: TypeModel, side: Side, scope: ModuleScope): string {
  if (type.kind !== "scalar") return scope.reference(type, side);
  if (longs.has(type.name)) return side === "sent" ? "string | number | bigint" : "string";
  if (type.name === "bytes") return scope.global(side === "sent" ? "Uint8Array" : "Buffer");
  if (type.name === "bool") return "boolean";
  return type.name === "string" ? "string" : "number";
}
