import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "..");

/** One public package as it would be published. */
export interface Tarball {
  readonly name: string;
  readonly version: string;
  /** Absolute path. */
  readonly filename: string;
  /** Paths inside of the package, with `/`. */
  readonly files: readonly string[];
}

/**
 * Packs every package below `packages/` as `publish` does: with `publishConfig` applied and versions in place of
 * `workspace:`. Wants the build to be there.
 * @param folder is emptied first
 * @throws Error for a build that has files of sources that are gone
 */
export async function packPackages(folder: string): Promise<readonly Tarball[]> {
  const destination = resolve(folder);
  await rm(destination, { recursive: true, force: true });
  await mkdir(destination, { recursive: true });
  const pack = ["-r", "--filter=./packages/*", "pack", "--json", "--pack-destination", destination];
  const { stdout } = await promisify(execFile)("npx", ["-y", "pnpm@12", ...pack], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  const packed = JSON.parse(stdout) as readonly (Omit<Tarball, "files"> & {
    readonly files: readonly { readonly path: string }[];
  })[];
  const tarballs = packed.map((each) => ({ ...each, files: each.files.map((file) => file.path) }));
  const stale = tarballs.flatMap(({ name, files }) => staleFiles(files).map((file) => `${name}/${file}`));
  if (stale.length > 0)
    throw new Error(
      `built from sources that are gone: ${stale.join(", ")}; remove packages/*/dist and build`,
    );
  return tarballs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What `tsc -b` leaves behind when a source is moved or removed. */
export function staleFiles(files: readonly string[]): readonly string[] {
  const present = new Set(files);
  return files.filter((file) => {
    const [, stem] = /^dist\/(.*?)(?:\.d\.ts|\.js)$/.exec(file) ?? [];
    return stem !== undefined && !present.has(`src/${stem}.ts`);
  });
}
