import { fromJSON, type MessageTypeDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { asBuffer, type Codec } from "./codec.js";

/** A proto file as generated code embeds it: protobufjs JSON, loaded on first use. */
export interface ProtoFile {
  /** The file's name as protos import it: `shop/v1/shop.proto`. */
  readonly name: string;
  readonly imports: readonly ProtoFile[];
  /** This file's own definitions as protobufjs JSON, without its imports. */
  readonly json: string;
  /** The loaded definition of a service in this file. Throws when there is none of that name. */
  service(name: string): ServiceDefinition;
  /** The codec of a message in this file or its imports: `shop.v1.Order`. Throws when there is none of that name. */
  message(name: string): Codec;
}

/**
 * Declares a proto file; generated code calls this. Nothing is parsed before its first use.
 * @param json protobufjs JSON (`Root.toJSON()`) of this file alone
 */
export function defineFile(name: string, json: string, imports: readonly ProtoFile[] = []): ProtoFile {
  let loaded: ReturnType<typeof fromJSON> | undefined;
  const file: ProtoFile = {
    name,
    imports,
    json,
    service(serviceName) {
      loaded ??= load(file);
      const definition = loaded[serviceName];
      if (!definition || "format" in definition) throw new Error(`${name} has no service ${serviceName}`);
      return definition;
    },
    message(messageName) {
      loaded ??= load(file);
      const definition = loaded[messageName];
      if (!definition || !("serialize" in definition) || typeof definition.serialize !== "function")
        throw new Error(`${name} has no message ${messageName}`);
      const { serialize, deserialize } = definition as MessageTypeDefinition<object, object>;
      return { encode: serialize, decode: (bytes) => deserialize(asBuffer(bytes)) };
    },
  };
  return file;
}

function load(file: ProtoFile): ReturnType<typeof fromJSON> {
  // fromJSON resolves at once and throws on duplicates, so all files become one tree first.
  const merged: Tree = {};
  for (const each of withImports(file)) merge(merged, JSON.parse(each.json) as Tree);
  return fromJSON(merged, {
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
}

function withImports(file: ProtoFile, seen: Set<ProtoFile> = new Set()): Set<ProtoFile> {
  if (seen.has(file)) return seen;
  for (const each of file.imports) withImports(each, seen);
  return seen.add(file);
}

interface Tree {
  nested?: Record<string, Tree>;
  [key: string]: unknown;
}

function merge(into: Tree, from: Tree): void {
  for (const [key, value] of Object.entries(from)) if (key !== "nested") into[key] = value;
  if (!from.nested) return;
  into.nested ??= {};
  for (const [name, child] of Object.entries(from.nested)) {
    // A message can be named like something every object inherits: `toString`.
    const present = Object.hasOwn(into.nested, name) ? into.nested[name] : undefined;
    if (present) merge(present, child);
    else into.nested[name] = child;
  }
}
