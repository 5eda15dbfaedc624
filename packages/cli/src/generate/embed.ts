import type protobuf from "protobufjs";
import { fieldName } from "./field-name.js";

/** One object of protobufjs JSON; which members it has tells what it describes. */
interface Json {
  [key: string]: unknown;
  nested?: Record<string, Json>;
  fields?: Record<string, Json>;
  oneofs?: Record<string, { oneof: string[] }>;
  methods?: Record<string, Json>;
  values?: Record<string, number>;
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
 * anywhere below, so a relative one could mean another type once more files are loaded.
 * @param absolute the full name a reference means, with its leading dot; scalars are never asked for
 */
export function embeddedJson(
  root: protobuf.Root,
  absolute: (reference: string, around: string) => string,
): string {
  return JSON.stringify(namespace(root.toJSON() as Json, ""));

  function namespace(json: Json, path: string): Json {
    const result: Json = {};
    if (json["edition"] !== undefined) result["edition"] = json["edition"];
    Object.assign(result, optionsOf(json));
    if (json.values) result.values = json.values;
    if (json.oneofs) result.oneofs = oneofs(json.oneofs);
    if (json.fields) result.fields = mapped(json.fields, fieldName, (field) => member(field, path));
    if (json.methods) result.methods = mapped(json.methods, String, (method) => member(method, path));
    // A nested extension is a field; all that are allowed declare options, which are not embedded.
    const nested = Object.entries(json.nested ?? {}).filter(([, each]) => each["extend"] === undefined);
    if (nested.length > 0) {
      const inside = (name: string): string => (path ? `${path}.${name}` : name);
      result.nested = Object.fromEntries(nested.map(([name, each]) => [name, namespace(each, inside(name))]));
    }
    return result;
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

function oneofs(json: Record<string, { oneof: string[] }>): Record<string, { oneof: string[] }> {
  return mapped(json, fieldName, ({ oneof }) => ({ oneof: oneof.map(fieldName) }));
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
  value: (each: V) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, each]) => [key(name), value(each)]));
}
