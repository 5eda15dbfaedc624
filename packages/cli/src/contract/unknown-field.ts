import type { DescField, DescMessage, Registry } from "@bufbuild/protobuf";
import { nearest } from "./nearest.js";

/** Messages whose JSON is not one of fields. */
const ownForm = /^google\.protobuf\.(Timestamp|Duration|Struct|Value|ListValue|FieldMask|\w+Value)$/;

/**
 * What is wrong with the first name in some JSON that is no field, with the path to it: the library that reads JSON says
 * neither where it stands nor which fields there are.
 * @param types where the types are that an `Any` may hold
 */
export function unknownField(
  descriptor: DescMessage,
  json: unknown,
  types: Registry,
  path = "",
): string | undefined {
  if (!isObject(json) || ownForm.test(descriptor.typeName)) return undefined;
  const held = descriptor.typeName === "google.protobuf.Any" ? heldBy(json, types) : descriptor;
  if (!held || ownForm.test(held.typeName)) return undefined;
  for (const [key, value] of Object.entries(json)) {
    if (key === "@type" && held !== descriptor) continue;
    // An extension, whose faults the library tells of.
    if (key.startsWith("[")) continue;
    const field = held.fields.find((each) => each.jsonName === key || each.name === key);
    const at = inside(path, key);
    if (!field) return `${at} is no field of ${held.typeName}; ${known(key, held)}`;
    const found = insideField(field, value, types, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function insideField(field: DescField, value: unknown, types: Registry, path: string): string | undefined {
  const message = field.message;
  if (!message) return undefined;
  if (field.fieldKind === "message") return unknownField(message, value, types, path);
  if (field.fieldKind === "list" && Array.isArray(value)) {
    for (const [n, each] of value.entries()) {
      const found = unknownField(message, each, types, `${path}[${n}]`);
      if (found !== undefined) return found;
    }
  }
  if (field.fieldKind === "map" && isObject(value)) {
    for (const [key, each] of Object.entries(value)) {
      const found = unknownField(message, each, types, `${path}[${JSON.stringify(key)}]`);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function inside(path: string, key: string): string {
  if (!/^\w+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path ? `${path}.${key}` : key;
}

function heldBy(json: Record<string, unknown>, types: Registry): DescMessage | undefined {
  const type = json["@type"];
  return typeof type === "string" ? types.getMessage(type.slice(type.lastIndexOf("/") + 1)) : undefined;
}

function known(key: string, { fields }: DescMessage): string {
  if (fields.length === 0) return "it has no fields";
  return nearest(
    key,
    fields.map(({ jsonName }) => jsonName),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
