import type { FileRegistry } from "@bufbuild/protobuf";
import { fileDescriptor, withImports, type ProtoFile } from "@rollcall/core";
import type { ContractSource } from "./contract-source.js";
import { describeService, servicesOf } from "./described-service.js";
import { decodeFile, linkDescriptors } from "./file-registry.js";

/**
 * The services of files as generated code embeds them.
 * @throws ConfigError when they do not link
 */
export function sourceOfFiles(files: readonly ProtoFile[], description: string): ContractSource {
  const all = new Set(files.flatMap((file) => [...withImports(file)]));
  const descriptors = Array.from(all, (file) => decodeFile(fileDescriptor(file), description));
  return sourceOfRegistry(linkDescriptors(descriptors, description), description);
}

function sourceOfRegistry(registry: FileRegistry, description: string): ContractSource {
  return {
    description,
    services: async () => servicesOf(registry),
    service: async (name) => describeService(registry, name, description),
    async [Symbol.asyncDispose]() {},
  };
}
