import type { FieldDescriptorProtoInit } from "../gen/google/protobuf/descriptor.js";
import type { EmbeddedField } from "./embedded-json.js";
import { optionsOf } from "./options.js";

/**
 * @param name as the proto writes it
 * @param message the full name of the message around it, with its leading dot
 * @param enums see `messageDescriptor`
 */
export function fieldDescriptor(
  name: string,
  field: EmbeddedField,
  message: string,
  enums: ReadonlySet<string>,
): FieldDescriptorProtoInit {
  const { id, keyType, options } = field;
  const isMap = keyType !== undefined;
  const type = isMap ? `${message}.${entryName(name)}` : field.type;
  const isReference = type.startsWith(".");
  return {
    name,
    number: id,
    label: isMap ? "LABEL_REPEATED" : labelOf(field),
    type: isReference ? (enums.has(type) ? "TYPE_ENUM" : "TYPE_MESSAGE") : scalarType(type),
    typeName: isReference ? type : undefined,
    jsonName: typeof options?.["json_name"] === "string" ? options["json_name"] : jsonName(name),
    defaultValue: defaultOf(field),
    proto3Optional: options?.["proto3_optional"] === true ? true : undefined,
    ...optionsOf(options, { packed: "packed", deprecated: "deprecated" }),
  };
}

/** The message that stands for one entry of a map, as protoc names it: `by_sku` has `BySkuEntry`. */
export function entryName(field: string): string {
  const camel = jsonName(field);
  return `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Entry`;
}

/** A field's name in JSON unless the proto says another, as protoc makes it. */
function jsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}

function labelOf({ rule }: EmbeddedField): "LABEL_OPTIONAL" | "LABEL_REQUIRED" | "LABEL_REPEATED" {
  if (rule === "repeated") return "LABEL_REPEATED";
  return rule === "required" ? "LABEL_REQUIRED" : "LABEL_OPTIONAL";
}

function scalarType(type: string): NonNullable<FieldDescriptorProtoInit["type"]> {
  return `TYPE_${type.toUpperCase()}` as NonNullable<FieldDescriptorProtoInit["type"]>;
}

/** As text; bytes with C's escapes. */
function defaultOf({ type, options }: EmbeddedField): string | undefined {
  const value = options?.["default"];
  // JSON has no infinity and no NaN: what was one is null.
  if (value === undefined || value === null) return undefined;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return type === "bytes" ? escaped(text) : text;
}

function escaped(text: string): string {
  return Array.from(Buffer.from(text), (byte) => {
    if (byte === 0x22 || byte === 0x5c || byte === 0x27) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
  }).join("");
}
