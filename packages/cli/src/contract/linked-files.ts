import { defineFile, type ProtoFile } from "@rollcall/core";
import type { FileModel } from "../generate/model.js";

/** The files of linked protos by name, as the modules generated from them would define them; each after what it imports. */
export function linkedFiles(models: readonly FileModel[]): ReadonlyMap<string, ProtoFile> {
  const byName = new Map(models.map((model) => [model.name, model]));
  const files = new Map<string, ProtoFile>();
  const define = (name: string): ProtoFile => {
    const present = files.get(name);
    if (present) return present;
    const model = byName.get(name);
    if (!model) throw new Error(`${name} has not been linked`);
    // Imports have no cycles: the linker refuses them.
    const file = defineFile(name, model.json, model.uses.map(define));
    files.set(name, file);
    return file;
  };
  for (const { name } of models) define(name);
  return files;
}
