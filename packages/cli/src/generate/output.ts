import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Module } from "./emit-module.js";
import { readIfPresent } from "./read-if-present.js";

/** How the modules on disk differ from those generated. */
export interface Differences {
  /** Paths below the output directory. */
  readonly missing: readonly string[];
  readonly changed: readonly string[];
}

/** Compares without writing. */
export async function compareModules(modules: readonly Module[], out: string): Promise<Differences> {
  const missing: string[] = [];
  const changed: string[] = [];
  for (const module of modules) {
    const present = await readIfPresent(path.join(out, module.path));
    if (present === undefined) missing.push(module.path);
    else if (present !== module.text) changed.push(module.path);
  }
  return { missing, changed };
}

/** Writes the modules that differ; each appears complete or not at all, and the others keep their times. */
export async function writeModules(modules: readonly Module[], out: string): Promise<Differences> {
  const differences = await compareModules(modules, out);
  const differing = new Set([...differences.missing, ...differences.changed]);
  for (const module of modules) {
    if (differing.has(module.path)) await writeWhole(path.join(out, module.path), module.text);
  }
  return differences;
}

async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.partial`;
  try {
    await writeFile(partial, text);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
