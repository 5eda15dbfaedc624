import protobuf, { type Field, type FieldBase, type Type } from "protobufjs";
import { inOrder, wireType } from "./decoder-source.js";
import { maxDepth } from "./depth.js";

const basic = protobuf.types.basic as Readonly<Record<string, number | undefined>>;
const packable = protobuf.types.packed as Readonly<Record<string, number | undefined>>;
const mapKey = protobuf.types.mapKey as Readonly<Record<string, number>>;
const unlessObject = (value: string): string =>
  `if (typeof ${value} !== "object" || ${value} === null) refuse();`;

/** The lines of a function that writes what protobufjs' `fromObject` and `encode` make of an object. */
export function encoderSource(type: Type): string[] {
  return [
    "return function write(d, w, depth) {",
    `if (depth > ${maxDepth}) refuse();`,
    // protobufjs takes this for a message of another type to be packed.
    ...(type.fullName === ".google.protobuf.Any" ? ['if (d["@type"]) refuse();'] : []),
    "var all, value, start, start2, keys, i;",
    ...inOrder(type).flatMap((field, n) => {
      const property = `d[${JSON.stringify(field.name)}]`;
      if (field instanceof protobuf.MapField) return writeMap(field, property, n);
      return field.repeated ? writeAll(field, property, n) : writeOne(field, property, n);
    }),
    "};",
  ];
}

function writeOne(field: Field, property: string, n: number): string[] {
  const write = [tag(field.id, fieldWireType(field)), ...writeValue(field, n)];
  if (isEnum(field))
    return [`value = number(v${n}, ${property});`, "if (value !== undefined) {", ...write, "}"];
  return [`value = ${property};`, "if (value !== undefined && value !== null) {", ...write, "}"];
}

function writeAll(field: Field, property: string, n: number): string[] {
  const packed = field.packed && packable[wireType(field)] !== undefined;
  return [
    `all = ${property};`,
    "if (all) {",
    "if (!Array.isArray(all)) refuse();",
    ...(packed ? ["if (all.length) {", tag(field.id, 2), "start = w.fork();"] : []),
    "for (i = 0; i < all.length; ++i) {",
    isEnum(field)
      ? `value = number(v${n}, all[i]); if (value === undefined) value = ${JSON.stringify(field.typeDefault)};`
      : "value = all[i];",
    ...(packed ? [] : [tag(field.id, fieldWireType(field))]),
    ...writeValue(field, n),
    "}",
    ...(packed ? ["w.join(start);", "}"] : []),
    "}",
  ];
}

function writeMap(field: protobuf.MapField, property: string, n: number): string[] {
  return [
    `all = ${property};`,
    "if (all) {",
    unlessObject("all"),
    "keys = Object.keys(all);",
    "for (i = 0; i < keys.length; ++i) {",
    'if (keys[i] === "__proto__") refuse();',
    isEnum(field)
      ? `value = number(v${n}, all[keys[i]]); if (value === undefined) continue;`
      : "value = all[keys[i]];",
    tag(field.id, 2),
    "start = w.fork();",
    tag(1, mapKey[field.keyType]!),
    `w.${field.keyType}(keys[i]);`,
    tag(2, fieldWireType(field)),
    ...writeValue(field, n, "start2"),
    "w.join(start);",
    "}",
    "}",
  ];
}

function writeValue(field: FieldBase, n: number, start = "start"): string[] {
  if (!(field.resolvedType instanceof protobuf.Type)) return [`w.${wireType(field)}(value);`];
  return [
    unlessObject("value"),
    `${start} = w.fork();`,
    `t${n}.write(value, w, depth + 1);`,
    `w.join(${start});`,
  ];
}

function fieldWireType(field: FieldBase): number {
  return basic[wireType(field)] ?? 2;
}

function tag(id: number, wireType: number): string {
  return `w.uint32(${((id << 3) | wireType) >>> 0});`;
}

function isEnum(field: FieldBase): boolean {
  return field.resolvedType instanceof protobuf.Enum;
}
