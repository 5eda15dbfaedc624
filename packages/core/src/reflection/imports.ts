import type { ProtoFile } from "../contract/proto-file.js";

/** A file and all it imports, directly and through others, each once, the file first. */
export function withImports(file: ProtoFile): ReadonlySet<ProtoFile> {
  const found = new Set([file]);
  // A set goes on to what is added while it is read.
  for (const each of found) for (const imported of each.imports) found.add(imported);
  return found;
}
