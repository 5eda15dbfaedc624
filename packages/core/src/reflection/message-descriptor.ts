import type { DescriptorProtoInit } from "../gen/google/protobuf/descriptor.js";
import { nestedIn, type Definition, type EmbeddedField, type EmbeddedJson } from "./embedded-json.js";
import { enumDescriptor } from "./enum-descriptor.js";
import { entryName, fieldDescriptor } from "./field-descriptor.js";
import { optionsOf } from "./options.js";

/**
 * @param around the full name of what the message is in, with its leading dot; empty outside of any package
 * @param enums the full names of all enums that it can refer to, with their leading dots
 */
export function messageDescriptor(
  { name, json }: Definition,
  around: string,
  enums: ReadonlySet<string>,
): DescriptorProtoInit {
  const full = `${around}.${name}`;
  const fields = Object.entries(json.fields ?? {});
  const oneofs = oneofsOf(json, fields);
  const nested = nestedIn(json);
  const entries = fields.filter(([, { keyType }]) => keyType !== undefined);
  return {
    name,
    field: fields.map(([key, field]) => ({
      ...fieldDescriptor(field.name ?? key, field, full, enums),
      oneofIndex: oneofs.indexOf.get(key),
    })),
    nestedType: [
      ...entries.map(([key, field]) => mapEntry(field.name ?? key, field, full, enums)),
      ...nested.filter((each) => each.json.fields).map((each) => messageDescriptor(each, full, enums)),
    ],
    enumType: nested.filter((each) => each.json.values).map(enumDescriptor),
    extensionRange: json.extensions?.map(([start, end]) => ({ start, end: end + 1 })),
    oneofDecl: oneofs.names.map((each) => ({ name: each })),
    reservedRange: json.reserved?.flatMap((each) =>
      typeof each === "string" ? [] : [{ start: each[0], end: each[1] + 1 }],
    ),
    reservedName: json.reserved?.filter((each) => typeof each === "string"),
    ...optionsOf(json.options, { deprecated: "deprecated" }),
  };
}

interface Oneofs {
  readonly names: readonly string[];
  /** By the key of the field. */
  readonly indexOf: ReadonlyMap<string, number>;
}

/** Those of the proto, then one for each `optional` field of proto3, as protoc numbers them. */
function oneofsOf(json: EmbeddedJson, fields: readonly (readonly [string, EmbeddedField])[]): Oneofs {
  const optional = fields.filter(([, { options }]) => options?.["proto3_optional"] === true);
  const synthetic = new Set(optional.map(([key]) => key));
  const names: string[] = [];
  const indexOf = new Map<string, number>();
  for (const [key, { oneof, name }] of Object.entries(json.oneofs ?? {})) {
    if (oneof.some((member) => synthetic.has(member))) continue;
    for (const member of oneof) indexOf.set(member, names.length);
    names.push(name ?? key);
  }
  const taken = new Set([...names, ...fields.map(([key, { name }]) => name ?? key)]);
  for (const [key, { name }] of optional) {
    const written = name ?? key;
    // As protoc finds a free one.
    let free = written.startsWith("_") ? written : `_${written}`;
    while (taken.has(free)) free = `X${free}`;
    taken.add(free);
    indexOf.set(key, names.length);
    names.push(free);
  }
  return { names, indexOf };
}

/** What a map is on the wire: `message BySkuEntry { string key = 1; Item value = 2; }`. */
function mapEntry(
  name: string,
  { keyType = "", type }: EmbeddedField,
  around: string,
  enums: ReadonlySet<string>,
): DescriptorProtoInit {
  const entry = `${around}.${entryName(name)}`;
  return {
    name: entryName(name),
    field: [
      fieldDescriptor("key", { type: keyType, id: 1 }, entry, enums),
      fieldDescriptor("value", { type, id: 2 }, entry, enums),
    ],
    options: { mapEntry: true },
  };
}
