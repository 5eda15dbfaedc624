import protobuf, { type Field, type FieldBase, type Type } from "protobufjs";
import { maxDepth } from "./depth.js";

const packable = protobuf.types.packed as Readonly<Record<string, number | undefined>>;
const defaults = protobuf.types.defaults as Readonly<Record<string, unknown>>;

/** The lines of a function that reads a message into the object that protobufjs' `toObject` makes of it. */
export function decoderSource(type: Type): string[] {
  const fields = inOrder(type);
  const index = new Map(fields.map((field, n) => [field, n]));
  return [
    "return function read(r, end, depth) {",
    `if (depth > ${maxDepth} || end > r.len) refuse();`,
    "var outer = r.len, end2, key, value, name, number;",
    ...fields.map((_, n) => `var f${n};`),
    "r.len = end;",
    "while (r.pos < end) {",
    "var tag = r.uint32();",
    "switch (tag >>> 3) {",
    ...type.fieldsArray.flatMap((field) => {
      const n = index.get(field)!;
      return [`case ${field.id}:`, ...readField(field, `f${n}`, n), "break;"];
    }),
    "default: r.skipType(tag & 7, depth);",
    "}",
    "}",
    "if (r.pos !== end) refuse();",
    "r.len = outer;",
    ...result(fields),
    "};",
  ];
}

/** By number, as `toObject` goes through them. */
export function inOrder(type: Type): readonly Field[] {
  return type.fieldsArray.toSorted((a, b) => a.id - b.id);
}

function readField(field: Field, target: string, n: number): string[] {
  if (field instanceof protobuf.MapField) return readEntry(field, target, n);
  if (!field.repeated) return [`${target} = ${readValue(field, n)};`];
  const push = `${target}.push(${readValue(field, n)});`;
  const begin = `if (${target} === undefined) ${target} = [];`;
  if (packable[wireType(field)] === undefined) return [begin, push];
  return [
    begin,
    "if ((tag & 7) === 2) {",
    "end2 = r.uint32() + r.pos;",
    "if (end2 > end) refuse();",
    "r.len = end2;",
    `while (r.pos < end2) ${push}`,
    "if (r.pos !== end2) refuse();",
    "r.len = end;",
    `} else ${push}`,
  ];
}

function readEntry(field: protobuf.MapField, target: string, n: number): string[] {
  return [
    `if (${target} === undefined) ${target} = {};`,
    "end2 = r.uint32() + r.pos;",
    "if (end2 > end) refuse();",
    "r.len = end2;",
    `key = ${JSON.stringify(defaults[field.keyType])};`,
    `value = ${missingValue(field, n)};`,
    "while (r.pos < end2) {",
    "var tag2 = r.uint32();",
    "switch (tag2 >>> 3) {",
    `case 1: key = r.${field.keyType}(); break;`,
    `case 2: value = ${readValue(field, n)}; break;`,
    "default: r.skipType(tag2 & 7, depth);",
    "}",
    "}",
    "if (r.pos !== end2 || value === null) refuse();",
    "r.len = end;",
    ...(field.keyType === "string" ? [`if (key === "__proto__") own(${target}, key);`] : []),
    `${target}[key] = value;`,
  ];
}

/** Of a map's entry without one. protobufjs refuses an entry without its message, so that is `null` here. */
function missingValue(field: FieldBase, n: number): string {
  if (field.resolvedType instanceof protobuf.Enum) return `(name = e${n}[0]) === undefined ? 0 : name`;
  return JSON.stringify(field.long ? "0" : (defaults[field.type] ?? null));
}

function readValue(field: FieldBase, n: number): string {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum)
    return `(name = e${n}[number = r.int32()]) === undefined ? number : name`;
  if (resolvedType) return `t${n}.read(r, r.uint32() + r.pos, depth + 1)`;
  return field.long ? `${field.type}(r)` : `r.${field.type}()`;
}

export function wireType(field: FieldBase): string {
  return field.resolvedType instanceof protobuf.Enum ? "int32" : field.type;
}

/** Properties in the order of `toObject`: arrays, maps, the others, then what a oneof holds. */
function result(fields: readonly Field[]): string[] {
  const lines: string[] = [];
  const members: string[] = [];
  const at = (field: Field): number => (field.repeated ? 0 : field.map ? 1 : 2);
  for (const [n, field] of [...fields.entries()].toSorted(([, a], [, b]) => at(a) - at(b) || a.id - b.id)) {
    const name = JSON.stringify(field.name);
    if (!field.partOf) lines.push(`${name}: f${n} === undefined ? ${defaultValue(field)} : f${n},`);
    else
      members.push(
        `if (f${n} !== undefined) { d[${name}] = f${n}; d[${JSON.stringify(field.partOf.name)}] = ${name}; }`,
      );
  }
  return ["var d = {", ...lines, "};", ...members, "return d;"];
}

function defaultValue(field: FieldBase): string {
  if (field.repeated) return "[]";
  if (field.map) return "{}";
  const { typeDefault, resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum)
    return JSON.stringify(resolvedType.valuesById[typeDefault as unknown as number]);
  if (field.long) return JSON.stringify(String(typeDefault));
  if (field.bytes) return `bytes(${JSON.stringify([...(typeDefault as unknown as Iterable<number>)])})`;
  return JSON.stringify(typeDefault);
}
