import type { ProtoFile } from "../contract/proto-file.js";
import { file as descriptors, type FileDescriptorProtoInit } from "../gen/google/protobuf/descriptor.js";
import { embeddedFile } from "./embedded-json.js";
import { enumDescriptor } from "./enum-descriptor.js";
import { symbolsOf } from "./file-symbols.js";
import { withImports } from "./imports.js";
import { messageDescriptor } from "./message-descriptor.js";
import { serviceDescriptor } from "./service-descriptor.js";

/**
 * The encoded `google.protobuf.FileDescriptorProto` of a file, as protoc would make it, but for what generated code does not
 * embed: comments, custom options, options of other languages, and imports that nothing in the file refers to.
 * @throws ConfigError for a file that `rollcall generate` has not made
 */
export function fileDescriptor(file: ProtoFile): Buffer {
  const { package: around, definitions } = embeddedFile(file);
  const enums = new Set<string>();
  for (const each of withImports(file))
    for (const [name, kind] of symbolsOf(each)) if (kind === "enum") enums.add(`.${name}`);
  const messages = definitions.filter(({ json }) => json.fields);
  const proto2 = definitions.some(({ json }) => json.edition === "proto2");
  const descriptor: FileDescriptorProtoInit = {
    name: file.name,
    package: around || undefined,
    dependency: file.imports.map(({ name }) => name),
    messageType: messages.map((each) => messageDescriptor(each, around ? `.${around}` : "", enums)),
    enumType: definitions.filter(({ json }) => json.values).map(enumDescriptor),
    service: definitions.filter(({ json }) => json.methods).map(serviceDescriptor),
    // protoc leaves it out for proto2.
    syntax: proto2 ? undefined : "proto3",
  };
  return descriptors.message("google.protobuf.FileDescriptorProto").encode(descriptor);
}
