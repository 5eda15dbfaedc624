import path from "node:path";
import type { PackageManager } from "./package-manager.js";
import type { Tarballs } from "./tarballs.js";

/** Where a project keeps the tarballs it is installed from, so that it can be cloned and built elsewhere. */
export const vendorFolder = "vendor";

/** protobufjs' script only warns of versions; npm and pnpm want to be told whether it may run. */
const allowScripts = { protobufjs: false };

/** What vitest wants beside itself: npm and pnpm bring it, yarn 1 does not. */
const vitestPeers = { vite: "^8.0.0" };

/** A file to write, with its path inside of the project. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

type Dependencies = Readonly<Record<string, string>>;

interface Manifest {
  readonly engines: object;
  readonly dependencies: Dependencies;
  readonly devDependencies: Dependencies;
}

/**
 * What tells a package manager where packages come from: package.json, and what else it reads.
 * @param template package.json with Rollcall's packages by version
 * @param tarballs in place of the versions, for what these packages depend on too; undefined for none
 */
export function manifestFiles(
  template: string,
  manager: PackageManager,
  tarballs: Tarballs | undefined,
): readonly ProjectFile[] {
  const { engines, ...manifest } = JSON.parse(template) as Manifest;
  const references = Object.fromEntries(
    [...(tarballs ?? [])].map(([name, file]) => [name, `file:${vendorFolder}/${path.basename(file)}`]),
  );
  const direct = {
    ...manifest,
    dependencies: referTo(references, manifest.dependencies),
    devDependencies: referTo(references, manifest.devDependencies),
  };
  if (manager.name === "pnpm")
    return [json({ ...direct, engines }), { path: "pnpm-workspace.yaml", text: pnpmSettings(references) }];
  if (manager.name === "yarn") {
    const devDependencies = { ...direct.devDependencies, ...vitestPeers };
    return [json({ ...direct, devDependencies, ...(tarballs && { resolutions: references }), engines })];
  }
  return [json({ ...direct, ...(tarballs && { overrides: references }), engines, allowScripts })];
}

function referTo(references: Dependencies, dependencies: Dependencies): Dependencies {
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, version]) => [name, references[name] ?? version]),
  );
}

function json(manifest: object): ProjectFile {
  return { path: "package.json", text: `${JSON.stringify(manifest, undefined, 2)}\n` };
}

function pnpmSettings(references: Dependencies): string {
  const overrides = Object.entries(references).map(([name, file]) => `  "${name}": ${file}`);
  return [
    "# Its script only warns of versions.",
    "allowBuilds:",
    ...Object.entries(allowScripts).map(([name, allowed]) => `  ${name}: ${allowed}`),
    ...(overrides.length > 0 ? ["overrides:", ...overrides] : []),
    "",
  ].join("\n");
}
