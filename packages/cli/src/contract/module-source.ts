import { stat } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, type ProtoFile, type ServiceContract } from "@rollcall/core";
import type { ContractSource } from "./contract-source.js";
import { sourceOfFiles } from "./file-source.js";

/**
 * The services of a module that `rollcall generate` has written: of every contract that it exports.
 * @param module its path: `dist/gen/shop.js`; `.ts` where Node can load it
 * @throws ConfigError when it cannot be loaded, or exports no contract
 */
export async function moduleSource(module: string, cwd: string = process.cwd()): Promise<ContractSource> {
  const file = path.resolve(cwd, module);
  const exists = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!exists) throw new ConfigError(`--contract ${module}: there is no such file`);
  let loaded: object;
  try {
    loaded = (await import(pathToFileURL(file).href)) as object;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `--contract ${module} cannot be loaded: ${reason}; give the compiled .js, or its proto with --proto`,
      { cause },
    );
  }
  const contracts = Object.values(loaded).filter(isContract);
  if (contracts.length === 0)
    throw new ConfigError(
      `--contract ${module} exports no contract; give a module that rollcall generate wrote`,
    );
  return sourceOfFiles(
    contracts.map((contract) => contract.file),
    module,
  );
}

/** By its shape: the module may have another copy of the package that makes contracts. */
function isContract(value: unknown): value is ServiceContract<any> {
  const { name, methods, file } = isObject(value) ? value : {};
  return typeof name === "string" && isObject(methods) && isFile(file);
}

function isFile(value: unknown): value is ProtoFile {
  const { name, imports, json } = isObject(value) ? value : {};
  return typeof name === "string" && typeof json === "string" && Array.isArray(imports);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
