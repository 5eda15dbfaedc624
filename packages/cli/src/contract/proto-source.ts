import { resolveInputs } from "../generate/inputs.js";
import { link } from "../generate/link.js";
import { readSources } from "../generate/sources.js";
import type { ContractSource } from "./contract-source.js";
import { sourceOfFiles } from "./file-source.js";
import { linkedFiles } from "./linked-files.js";

export interface ProtoSourceOptions {
  /** Files, directories of them, or names below a proto path. */
  readonly protos: readonly string[];
  /** Where protos and their imports are looked for, in this order. Default: the directory that all `protos` share. */
  readonly protoPaths?: readonly string[] | undefined;
  /** What relative paths are relative to. Default `process.cwd()`. */
  readonly cwd?: string | undefined;
}

/**
 * The services of protos, as `rollcall generate` reads them.
 * @throws GenerateError for protos that are not valid
 * @throws ConfigError for paths that lead nowhere
 */
export async function protoSource({
  protos,
  protoPaths = [],
  cwd = process.cwd(),
}: ProtoSourceOptions): Promise<ContractSource> {
  const inputs = await resolveInputs(protos, protoPaths, cwd);
  const files = linkedFiles(link(await readSources(inputs.names, inputs.protoPaths, cwd)));
  return sourceOfFiles([...files.values()], protos.join(", "));
}
