import { readdir } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "@rollcall/core";

/** Every package of Rollcall that a project has, itself or through another. */
const packages = ["app", "balancer", "cli", "core", "registry", "testing"];

/** Files of packages, by the packages' names. */
export type Tarballs = ReadonlyMap<string, string>;

/**
 * Finds Rollcall's packages in a folder, under the names that npm and pnpm give them.
 * @throws ConfigError when a package is missing or there twice, or the folder cannot be read
 */
export async function findTarballs(folder: string): Promise<Tarballs> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`--packages ${folder} cannot be read: ${error.code ?? error.message}`);
  });
  const found = packages.map((name) => {
    const named = new RegExp(`^rollcall-${name}-\\d+\\.\\d+\\.\\d+[\\w.+-]*\\.tgz$`);
    return { name, matches: files.filter((file) => named.test(file)).toSorted() };
  });
  const missing = found.filter(({ matches }) => matches.length === 0);
  if (missing.length > 0)
    throw new ConfigError(
      `--packages ${folder} lacks ${missing.map(({ name }) => `rollcall-${name}-<version>.tgz`).join(", ")}`,
    );
  const twice = found.find(({ matches }) => matches.length > 1);
  if (twice)
    throw new ConfigError(
      `--packages ${folder} has more than one @rollcall/${twice.name}: ${twice.matches.join(", ")}; leave one there`,
    );
  return new Map(
    found.map(({ name, matches: [file = ""] }) => [`@rollcall/${name}`, path.resolve(folder, file)]),
  );
}
