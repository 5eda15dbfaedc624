import { fromJSON, type ServiceDefinition } from "@grpc/proto-loader";
import protobuf from "protobufjs";
import type { Codec } from "./codec.js";
import { messageCodec } from "./message/message-codec.js";
import { conversion } from "./message/reflected-codec.js";

/** What a method takes and returns. */
export interface MethodCodecs {
  readonly request: Codec;
  readonly response: Codec;
}

/** A proto file as generated code embeds it: protobufjs JSON, loaded on first use. */
export interface ProtoFile {
  /** The file's name as protos import it: `shop/v1/shop.proto`. */
  readonly name: string;
  readonly imports: readonly ProtoFile[];
  /** This file's own definitions as protobufjs JSON, without its imports. */
  readonly json: string;
  /** A service in this file as proto-loader defines it, for grpc-js alone. Throws when there is none of that name. */
  service(name: string): ServiceDefinition;
  /** The codec of a message in this file or its imports: `shop.v1.Order`. Throws when there is none of that name. */
  message(name: string): Codec;
  /** The codecs of a service in this file, by the names of its methods in the proto. Throws when there is none of that name. */
  codecs(service: string): ReadonlyMap<string, MethodCodecs>;
}

/**
 * Declares a proto file; generated code calls this. Nothing is parsed before its first use.
 * @param json protobufjs JSON (`Root.toJSON()`) of this file alone
 */
export function defineFile(name: string, json: string, imports: readonly ProtoFile[] = []): ProtoFile {
  let loaded: protobuf.Root | undefined;
  let definitions: ReturnType<typeof fromJSON> | undefined;
  const find = (fullName: string): protobuf.ReflectionObject | null => {
    loaded ??= protobuf.Root.fromJSON(merged(file)).resolveAll() as protobuf.Root;
    const found = loaded.lookup(`.${fullName}`);
    return found?.fullName === `.${fullName}` ? found : null;
  };
  const findService = (serviceName: string): protobuf.Service => {
    const service = find(serviceName);
    if (!(service instanceof protobuf.Service)) throw new Error(`${name} has no service ${serviceName}`);
    return service;
  };
  const file: ProtoFile = {
    name,
    imports,
    json,
    service(serviceName) {
      findService(serviceName);
      definitions ??= fromJSON(merged(file), conversion);
      return definitions[serviceName] as ServiceDefinition;
    },
    message(messageName) {
      const type = find(messageName);
      if (!(type instanceof protobuf.Type)) throw new Error(`${name} has no message ${messageName}`);
      return messageCodec(type);
    },
    codecs(serviceName) {
      return new Map(findService(serviceName).methodsArray.map((method) => [method.name, codecsOf(method)]));
    },
  };
  return file;
}

function codecsOf(method: protobuf.Method): MethodCodecs {
  const { resolvedRequestType, resolvedResponseType } = method.resolve() as protobuf.Method;
  return { request: messageCodec(resolvedRequestType!), response: messageCodec(resolvedResponseType!) };
}

/** One tree of all files: protobufjs resolves names at once and throws on duplicates. */
function merged(file: ProtoFile): Tree & protobuf.INamespace {
  const tree: Tree = {};
  for (const each of withImports(file)) merge(tree, JSON.parse(each.json) as Tree);
  return tree;
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
