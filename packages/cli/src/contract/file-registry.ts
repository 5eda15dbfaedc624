import { create, createFileRegistry, fromBinary, type FileRegistry } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { ConfigError } from "@rollcall/core";

/** More than any service needs; a server that sends more does not stop by itself. */
export const mostFiles = 5_000;

/**
 * An encoded file descriptor, decoded.
 * @param origin who it came from, for errors
 * @throws ConfigError for what is none
 */
export function decodeFile(bytes: Uint8Array, origin: string): FileDescriptorProto {
  try {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    if (file.name !== "") return file;
  } catch (cause) {
    throw new ConfigError(`${origin} gave a file descriptor that cannot be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
  throw new ConfigError(`${origin} gave a file descriptor without a name`);
}

/**
 * Links files into a registry of their types.
 * @param origin who they came from, for errors
 * @throws ConfigError when a file imports itself or one that is not there, or refers to what is not there
 */
export function linkDescriptors(files: Iterable<FileDescriptorProto>, origin: string): FileRegistry {
  const byName = new Map<string, FileDescriptorProto>();
  for (const file of files) if (!byName.has(file.name)) byName.set(file.name, file);
  if (byName.size > mostFiles) throw new ConfigError(`${origin} has more than ${mostFiles} files`);
  const sorted = importsFirst(byName, origin);
  try {
    return createFileRegistry(create(FileDescriptorSetSchema, { file: sorted }));
  } catch (cause) {
    throw new ConfigError(`${origin} has descriptors that do not link: ${reasonOf(cause)}`, { cause });
  }
}

function importsFirst(
  files: ReadonlyMap<string, FileDescriptorProto>,
  origin: string,
): FileDescriptorProto[] {
  const sorted: FileDescriptorProto[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, chain: readonly string[]): void => {
    if (state.get(name) === "done") return;
    const path = [...chain, name];
    if (state.get(name) === "open")
      throw new ConfigError(`${origin} has an import cycle: ${path.slice(path.indexOf(name)).join(" -> ")}`);
    const file = files.get(name);
    if (!file)
      throw new ConfigError(
        `${origin} has no file ${JSON.stringify(name)}, which ${JSON.stringify(chain.at(-1) ?? "")} imports`,
      );
    state.set(name, "open");
    for (const each of file.dependency) visit(each, path);
    state.set(name, "done");
    sorted.push(file);
  };
  for (const name of files.keys()) visit(name, []);
  return sorted;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
