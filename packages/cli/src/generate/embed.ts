import type protobuf from "protobufjs";
import { fieldName } from "./field-name.js";

/** One object of protobufjs JSON; which members it has tells what it describes. */
interface Json {
  [key: string]: unknown;
  nested?: Record<string, Json>;
  fields?: Record<string, Json>;
  oneofs?: Record<string, OneofJson>;
  methods?: Record<string, Json>;
  values?: Record<string, number>;
  valuesOptions?: Record<string, Json>;
  reserved?: (string | [number, number])[];
  extensions?: [number, number][];
}

interface OneofJson {
  oneof: string[];
  name?: string;
}

/** What the names in a file's JSON stand for. */
export interface EmbeddedNames {
  /** The full name a reference means, with its leading dot; scalars are never asked for. */
  absolute(reference: string, around: string): string;
  /** What the proto calls a field or oneof of a message, by its camelCase name; undefined for what it does not declare. */
  written(message: string, camelCase: string): string | undefined;
}

/** Options that change how messages are encoded or calls are made; custom options stay in the proto. */
const kept = new Set([
  "packed",
  "default",
  "proto3_optional",
  "json_name",
  "allow_alias",
  "idempotency_level",
  "deprecated",
]);

/**
 * The JSON that generated code embeds for one file. References are absolute: protobufjs searches outward and then
 * anywhere below, so a relative one could mean another type once more files are loaded. What the codec has no use for and
 * server reflection tells is there too: `name`, where the proto writes a field's or oneof's name otherwise.
 */
export function embeddedJson(root: protobuf.Root, { absolute, written }: EmbeddedNames): string {
  return JSON.stringify(namespace(root.toJSON() as Json, ""));

  function namespace(json: Json, path: string): Json {
    const result: Json = {};
    if (json["edition"] !== undefined) result["edition"] = json["edition"];
    Object.assign(result, optionsOf(json));
    if (json.values) result.values = json.values;
    const valuesOptions = Object.entries(json.valuesOptions ?? {}).filter(([, each]) => each["deprecated"]);
    if (valuesOptions.length > 0)
      result.valuesOptions = Object.fromEntries(valuesOptions.map(([name]) => [name, { deprecated: true }]));
    if (json.oneofs)
      result.oneofs = mapped(json.oneofs, fieldName, ({ oneof }, name) => ({
        oneof: oneof.map(fieldName),
        ...nameOf(path, name),
      }));
    if (json.fields)
      result.fields = mapped(json.fields, fieldName, (field, name) => ({
        ...member(field, path),
        ...nameOf(path, name),
      }));
    if (json.extensions) result.extensions = json.extensions;
    // The codec refuses a field whose camelCase name is reserved, which a proto may well do.
    const reserved = json.reserved?.filter(
      (each) => typeof each !== "string" || !Object.hasOwn(result.fields ?? {}, each),
    );
    if (reserved && reserved.length > 0) result.reserved = reserved;
    if (json.methods) result.methods = mapped(json.methods, String, (method) => member(method, path));
    // A nested extension is a field; all that are allowed declare options, which are not embedded.
    const nested = Object.entries(json.nested ?? {}).filter(([, each]) => each["extend"] === undefined);
    if (nested.length > 0) {
      const inside = (name: string): string => (path ? `${path}.${name}` : name);
      result.nested = Object.fromEntries(nested.map(([name, each]) => [name, namespace(each, inside(name))]));
    }
    return result;
  }

  function nameOf(message: string, camelCase: string): { name?: string } {
    const name = written(message, camelCase);
    return name === undefined || name === fieldName(camelCase) ? {} : { name };
  }

  function member(json: Json, path: string): Json {
    const result: Json = { ...json };
    delete result["options"];
    delete result["parsedOptions"];
    for (const key of ["type", "requestType", "responseType"]) {
      const reference = json[key];
      if (typeof reference === "string" && reference !== "rpc") result[key] = absolute(reference, path);
    }
    return Object.assign(result, optionsOf(json));
  }
}

function optionsOf(json: Json): Json {
  const result: Json = {};
  const options = Object.entries((json["options"] ?? {}) as Json).filter(([name]) => kept.has(name));
  if (options.length > 0) result["options"] = Object.fromEntries(options);
  const parsed = ((json["parsedOptions"] ?? []) as Json[]).filter((each) =>
    Object.keys(each).every((name) => kept.has(name)),
  );
  if (parsed.length > 0) result["parsedOptions"] = parsed;
  return result;
}

function mapped<V, R>(
  record: Record<string, V>,
  key: (name: string) => string,
  value: (each: V, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, each]) => [key(name), value(each, name)]));
}
