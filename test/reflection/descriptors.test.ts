import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { create, createFileRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { fileDescriptor } from "@rollcall/core";
import { beforeAll, describe, expect, it } from "vitest";
import { linkedFiles } from "../../packages/cli/src/contract/linked-files.js";
import { fixtures } from "../../packages/cli/src/generate/fixtures/scratch.js";
import { resolveInputs } from "../../packages/cli/src/generate/inputs.js";
import { link } from "../../packages/cli/src/generate/link.js";
import { readSources } from "../../packages/cli/src/generate/sources.js";

/**
 * What protoc makes of the protos in packages/cli/src/generate/fixtures; after a change of these, there:
 * `protoc -I . --include_imports --descriptor_set_out=<this> no_package.proto shop/v1/*.proto types/*.proto`
 */
const golden = join(import.meta.dirname, "fixtures/protoc.binpb");

type Descriptors = ReadonlyMap<string, FileDescriptorProto>;
let ours: Descriptors;
let theirs: Descriptors;

beforeAll(async () => {
  const set = fromBinary(FileDescriptorSetSchema, await readFile(golden));
  theirs = new Map(set.file.map((file) => [file.name, file]));
  const { names, protoPaths } = await resolveInputs([fixtures], [], fixtures);
  const files = linkedFiles(link(await readSources(names, protoPaths, fixtures)));
  // Each after what it imports, as registries want them.
  ours = new Map(
    Array.from(files, ([name, file]) => [name, fromBinary(FileDescriptorProtoSchema, fileDescriptor(file))]),
  );
});

/** What generated code embeds: custom options, options of languages and unused imports are not in it. */
function comparable(file: FileDescriptorProto | undefined): object {
  if (!file) return {};
  // JSON leaves out custom options, whose definitions it does not have.
  const json = toJson(FileDescriptorProtoSchema, file) as Record<string, unknown>;
  for (const key of ["dependency", "publicDependency", "options", "extension"]) delete json[key];
  return withoutEmptyOptions(json) as object;
}

/** A message that has custom options only has empty ones without them. */
function withoutEmptyOptions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyOptions);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key, each]) => key !== "options" || Object.keys(each as object).length > 0,
  );
  return Object.fromEntries(entries.map(([key, each]) => [key, withoutEmptyOptions(each)]));
}

describe("descriptors made of generated code", () => {
  it.each([
    "no_package.proto",
    "shop/v1/common.proto",
    "shop/v1/country.proto",
    "shop/v1/shop.proto",
    "types/clashes.proto",
    "types/described.proto",
    "types/legacy.proto",
    "types/names.proto",
    "types/scalars.proto",
    "google/protobuf/any.proto",
    "google/protobuf/duration.proto",
    "google/protobuf/field_mask.proto",
    "google/protobuf/struct.proto",
    "google/protobuf/timestamp.proto",
    "google/protobuf/wrappers.proto",
  ])("are what protoc makes of %s", (name) => {
    expect(theirs.has(name)).toBe(true);
    expect(comparable(ours.get(name))).toEqual(comparable(theirs.get(name)));
  });

  it("are a set that links: every reference is found, in a file that is imported", () => {
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...ours.values()] }));
    expect(registry.getService("shop.v1.Orders")?.method["get"]?.idempotency).toBe(1);
    for (const [name, file] of ours) {
      const imported = new Set([name, ...file.dependency]);
      const text = JSON.stringify(comparable(file));
      for (const [, reference = ""] of text.matchAll(/"(?:typeName|inputType|outputType)":"\.([^"]+)"/g)) {
        // Entries of maps are in no registry, and in their own file.
        if (reference.endsWith("Entry")) continue;
        const type = registry.getMessage(reference) ?? registry.getEnum(reference);
        expect(imported, `${name} refers to ${reference}`).toContain(`${type?.file.name}.proto`);
      }
    }
  });
});
