import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "@rollcall/core";

export interface Inputs {
  /** The protos as they import each other, sorted. */
  readonly names: readonly string[];
  /** Absolute. */
  readonly protoPaths: readonly string[];
}

/**
 * Works out what the given protos are called. Each must lie below a proto path, or be a name that is found in one;
 * a directory stands for all protos in it. Without proto paths it is the directory that all of them share.
 * @throws {ConfigError} for a path that does not exist or lies below no proto path
 */
export async function resolveInputs(
  protos: readonly string[],
  protoPaths: readonly string[],
  cwd: string,
): Promise<Inputs> {
  const roots = protoPaths.map((each) => path.resolve(cwd, each));
  for (const root of roots) {
    if ((await kindOf(root)) !== "directory")
      throw new ConfigError(`--proto-path ${root} is not a directory`);
  }
  const found: { file: string; directory: string }[] = [];
  const names = new Set<string>();
  for (const proto of protos) {
    const absolute = path.resolve(cwd, proto);
    const kind = await kindOf(absolute);
    if (kind === "file") found.push({ file: absolute, directory: path.dirname(absolute) });
    else if (kind === "directory") found.push(...(await protosIn(absolute)));
    else if (await inAny(roots, proto)) names.add(proto);
    else
      throw new ConfigError(
        `no proto ${proto}${roots.length > 0 ? `, also not in ${roots.join(", ")}` : ""}`,
      );
  }
  const shared = roots.length > 0 ? roots : sharedDirectory(found.map(({ directory }) => directory));
  for (const { file } of found) names.add(await nameBelow(shared, file));
  return { names: [...names].toSorted(), protoPaths: shared };
}

async function protosIn(directory: string): Promise<{ file: string; directory: string }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".proto"));
  if (files.length === 0) throw new ConfigError(`no .proto file in ${directory}`);
  return files.map((entry) => ({ file: path.join(entry.parentPath, entry.name), directory }));
}

function sharedDirectory(directories: readonly string[]): string[] {
  const [first = "/", ...others] = directories;
  let shared = first;
  while (!others.every((each) => isBelow(shared, each)) && path.dirname(shared) !== shared) {
    shared = path.dirname(shared);
  }
  return [shared];
}

/** As protoc: the first proto path that contains the file names it, and must not have been shadowed by an earlier one. */
async function nameBelow(roots: readonly string[], file: string): Promise<string> {
  const root = roots.find((each) => isBelow(each, file));
  if (root === undefined) throw new ConfigError(`${file} is not below a --proto-path (${roots.join(", ")})`);
  const name = path.relative(root, file).split(path.sep).join("/");
  for (const earlier of roots.slice(0, roots.indexOf(root))) {
    const other = path.join(earlier, name);
    if ((await kindOf(other)) === "file")
      throw new ConfigError(`${file} is hidden by ${other}: reorder --proto-path`);
  }
  return name;
}

async function inAny(roots: readonly string[], name: string): Promise<boolean> {
  for (const root of roots) {
    const file = path.join(root, name);
    if (isBelow(root, file) && (await kindOf(file)) === "file") return true;
  }
  return false;
}

function isBelow(directory: string, file: string): boolean {
  const relative = path.relative(directory, file);
  return relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

async function kindOf(file: string): Promise<"file" | "directory" | undefined> {
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) return "directory";
    return stats.isFile() ? "file" : undefined;
  } catch {
    return undefined;
  }
}
