import type { ProtoFile } from "../contract/proto-file.js";
import { fileDescriptor } from "./file-descriptor.js";
import { symbolsOf, type SymbolKind } from "./file-symbols.js";
import { withImports } from "./imports.js";

/** The files behind some contracts, by their names and by what they declare. */
export interface DescriptorSource {
  file(name: string): ProtoFile | undefined;
  /** The file that declares a full name, and what that stands for. */
  symbol(name: string): { readonly file: ProtoFile; readonly kind: SymbolKind } | undefined;
  /** The file's encoded descriptor; made once. */
  descriptor(file: ProtoFile): Buffer;
}

/** @param files with all they import; of two with one name the first counts */
export function descriptorSource(files: readonly ProtoFile[]): DescriptorSource {
  const byName = new Map<string, ProtoFile>();
  for (const root of files)
    for (const file of withImports(root)) if (!byName.has(file.name)) byName.set(file.name, file);
  const descriptors = new Map<ProtoFile, Buffer>();
  let symbols: Map<string, { file: ProtoFile; kind: SymbolKind }> | undefined;
  const allSymbols = (): Map<string, { file: ProtoFile; kind: SymbolKind }> => {
    const all = new Map<string, { file: ProtoFile; kind: SymbolKind }>();
    for (const file of byName.values())
      for (const [name, kind] of symbolsOf(file)) if (!all.has(name)) all.set(name, { file, kind });
    return all;
  };
  return {
    file: (name) => byName.get(name),
    symbol: (name) => (symbols ??= allSymbols()).get(name),
    descriptor(file) {
      const made = descriptors.get(file) ?? fileDescriptor(file);
      descriptors.set(file, made);
      return made;
    },
  };
}
