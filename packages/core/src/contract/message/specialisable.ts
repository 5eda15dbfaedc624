import protobuf, { type Enum, type Field, type Type } from "protobufjs";

const identifier = /^[A-Za-z_$][\w$]*$/;
const mapKeys = new Set(["string", "int32", "uint32", "sint32", "fixed32", "sfixed32"]);

/**
 * Whether this type, with all that it can hold, is one that the specialised codec does as protobufjs does. It is not for
 * groups, required fields, extensions, map keys that the generator refuses, and names that no proto can have, or that
 * every object inherits.
 */
export function isSpecialisable(type: Type, seen: Set<Type> = new Set()): boolean {
  if (seen.has(type)) return true;
  seen.add(type);
  return type.fieldsArray.every((field) => isPlain(field.resolve(), seen));
}

function isPlain(field: Field, seen: Set<Type>): boolean {
  if (field.required || field.delimited || !isPlainName(field.name) || field.name in {}) return false;
  if (field.partOf && (field.repeated || field.map || !isPlainName(field.partOf.name))) return false;
  // Without a oneof such a field has no default that could be written down.
  if (field.bytes && !field.partOf && field.typeDefault === null) return false;
  if (field instanceof protobuf.MapField && !mapKeys.has(field.keyType)) return false;
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) return isPlainEnum(resolvedType, field.typeDefault);
  return !(resolvedType instanceof protobuf.Type) || isSpecialisable(resolvedType, seen);
}

function isPlainEnum({ values, valuesById }: Enum, fallback: unknown): boolean {
  return (
    typeof fallback === "number" &&
    valuesById[fallback] !== undefined &&
    Object.entries(values).every(([name, value]) => isPlainName(name) && value === (value | 0))
  );
}

function isPlainName(name: string): boolean {
  return identifier.test(name) && name !== "__proto__";
}
