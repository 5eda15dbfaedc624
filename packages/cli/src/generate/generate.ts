import path from "node:path";
import { ConfigError } from "@rollcall/core";
import { emitModules } from "./emit-module.js";
import { resolveInputs } from "./inputs.js";
import { link } from "./link.js";
import { compareModules, writeModules } from "./output.js";
import { readSources } from "./sources.js";

/** What is generated, from where and to where. */
export interface GenerateOptions {
  /** Proto files, directories of them, or names below a proto path. */
  readonly protos: readonly string[];
  /** The directory modules are written below. */
  readonly out: string;
  /** Where protos and their imports are looked for, in this order. Default: the directory that all `protos` share. */
  readonly protoPaths?: readonly string[] | undefined;
  /**
   * The module generated code imports the framework from. A value that starts with `.` is a path from `out`.
   * Default `@rollcall/app`.
   */
  readonly importFrom?: string | undefined;
  /** Compare with what is on disk and write nothing. Default false. */
  readonly check?: boolean | undefined;
  /** What relative paths are relative to. Default `process.cwd()`. */
  readonly cwd?: string | undefined;
}

/** Paths are relative to `out`, with `/`. */
export interface GenerateResult {
  /** All modules, whether they differed or not. */
  readonly modules: readonly string[];
  /** The modules that were not there. */
  readonly missing: readonly string[];
  /** The modules that had another content. */
  readonly changed: readonly string[];
}

/**
 * Generates a TypeScript module from each proto and from everything it imports. The same protos give the same bytes,
 * whatever the working directory and the order of arguments. Nothing is written unless all protos are valid.
 * @throws {GenerateError} for protos that are not valid
 * @throws {ConfigError} for options that make no sense
 */
export async function generate(options: GenerateOptions): Promise<GenerateResult> {
  const cwd = path.resolve(options.cwd ?? process.cwd());
  const importFrom = options.importFrom ?? "@rollcall/app";
  if (options.protos.length === 0) throw new ConfigError("no protos given");
  if (!importFrom) throw new ConfigError("--import-from is empty: give a module name or a path from --out");
  const { names, protoPaths } = await resolveInputs(options.protos, options.protoPaths ?? [], cwd);
  const models = link(await readSources(names, protoPaths, cwd));
  const modules = emitModules(models, importFrom);
  const out = path.resolve(cwd, options.out);
  const apply = options.check ? compareModules : writeModules;
  const differences = await apply(modules, out);
  return { modules: modules.map((module) => module.path), ...differences };
}
