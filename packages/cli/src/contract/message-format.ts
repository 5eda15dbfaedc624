import {
  create,
  createFileRegistry,
  createRegistry,
  fromBinary,
  fromJson,
  toJson,
  type DescMessage,
  type FileRegistry,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import * as wellKnown from "@bufbuild/protobuf/wkt";
import { ConfigError } from "@rollcall/core";
import type { MessageFormat } from "./contract-source.js";
import { unknownField } from "./unknown-field.js";

const standard = createRegistry(
  wellKnown.file_google_protobuf_any,
  wellKnown.file_google_protobuf_duration,
  wellKnown.file_google_protobuf_empty,
  wellKnown.file_google_protobuf_field_mask,
  wellKnown.file_google_protobuf_struct,
  wellKnown.file_google_protobuf_timestamp,
  wellKnown.file_google_protobuf_wrappers,
);

/** @param registry where the types are that an `Any` may hold, beside the well-known ones */
export function messageFormat(descriptor: DescMessage, registry: FileRegistry): MessageFormat {
  const { typeName } = descriptor;
  const types = createRegistry(standard, registry);
  return {
    typeName,
    descriptor,
    fromJson(json) {
      try {
        const unknown = unknownField(descriptor, json, types);
        if (unknown !== undefined) throw new Error(unknown);
        return fromJson(descriptor, json, { registry: types });
      } catch (error) {
        throw new ConfigError(`the JSON is no ${typeName}: ${reasonOf(error)}`, { cause: error });
      }
    },
    decode: (bytes) => fromBinary(descriptor, bytes),
    toJson: (message, { defaults = false } = {}) =>
      toJson(descriptor, message as Message, { registry: forgiving(types), alwaysEmitImplicit: defaults }),
  };
}

/** Knows every type: what an `Any` holds of one that is not there is shown by its type alone. */
function forgiving(types: Registry): Registry {
  return {
    kind: "registry",
    [Symbol.iterator]: () => types[Symbol.iterator](),
    get: (name) => types.get(name),
    getMessage: (name) => types.getMessage(name) ?? emptyMessage(name),
    getEnum: (name) => types.getEnum(name),
    getExtension: (name) => types.getExtension(name),
    getExtensionFor: (extendee, number) => types.getExtensionFor(extendee, number),
    getService: (name) => types.getService(name),
  };
}

/** A message without fields: those that were sent are then fields it does not know. Undefined for what is no name. */
function emptyMessage(typeName: string): DescMessage | undefined {
  if (!/^\w+(\.\w+)*$/.test(typeName)) return undefined;
  const dot = typeName.lastIndexOf(".");
  const file = create(wellKnown.FileDescriptorProtoSchema, {
    name: typeName,
    package: typeName.slice(0, Math.max(0, dot)),
    messageType: [{ name: typeName.slice(dot + 1) }],
    syntax: "proto3",
  });
  return createFileRegistry(file, () => undefined).getMessage(typeName);
}

function reasonOf(error: unknown): string {
  // What is nested too deep exhausts the stack.
  if (error instanceof RangeError) return "it is nested too deep";
  return error instanceof Error ? error.message : String(error);
}
