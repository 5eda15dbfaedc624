import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { generate } from "../generate/generate.js";
import { initRepository } from "./git.js";
import { manifestFiles, vendorFolder, type ProjectFile } from "./manifest.js";
import type { PackageManager } from "./package-manager.js";
import type { ProjectNames } from "./project-names.js";
import { stageFolder } from "./staged-folder.js";
import type { Tarballs } from "./tarballs.js";
import { renderTemplate, type TemplateValues } from "./template.js";

export interface ProjectOptions {
  readonly names: ProjectNames;
  /** Absolute. */
  readonly directory: string;
  readonly manager: PackageManager;
  /** Of Rollcall, as package.json writes it. */
  readonly version: string;
  /** What Rollcall is installed from in place of a registry. Default none. */
  readonly tarballs?: Tarballs | undefined;
  /** Whether to make a git repository, unless the project is inside of one. */
  readonly git: boolean;
  /** Until the project is complete: leaves everything as it was. */
  readonly signal: AbortSignal;
}

/** A project that was made. */
export interface Project {
  /** Paths inside of it, sorted, without those of git. */
  readonly files: readonly string[];
  readonly repository: "made" | "present" | "none";
}

/**
 * Writes a service: complete, or not at all.
 * @throws ExitError when the folder is not empty or cannot be written
 */
export async function createProject(options: ProjectOptions): Promise<Project> {
  const { directory, git, signal, tarballs } = options;
  let project: Project = { files: [], repository: "none" };
  await stageFolder(directory, signal, async (folder) => {
    for (const file of await projectFiles(options)) {
      signal.throwIfAborted();
      await writeInto(folder, file);
    }
    for (const file of tarballs?.values() ?? []) {
      signal.throwIfAborted();
      await mkdir(path.join(folder, vendorFolder), { recursive: true });
      await copyFile(file, path.join(folder, vendorFolder, path.basename(file)));
    }
    await generate({ protos: ["proto"], out: "src/gen", cwd: folder });
    const files = await filesIn(folder);
    signal.throwIfAborted();
    project = { files, repository: git ? await initRepository(folder) : "none" };
  });
  return project;
}

async function projectFiles(options: ProjectOptions): Promise<readonly ProjectFile[]> {
  const rendered = await renderTemplate(templateValues(options));
  const manifest = rendered.find(({ path }) => path === "package.json");
  if (!manifest) throw new Error("the template has no package.json");
  const { manager, tarballs } = options;
  return [
    ...rendered.filter((file) => file !== manifest),
    ...manifestFiles(manifest.text, manager, tarballs),
  ];
}

function templateValues({ names, manager, version, tarballs }: ProjectOptions): TemplateValues {
  const { setup } = manager;
  return {
    name: names.name,
    package: names.package,
    Service: names.service,
    version,
    manager: manager.name,
    install: manager.install,
    run: manager.run,
    ci: manager.ci,
    "ci.production": manager.ciProduction,
    "docker.setup": setup ? `RUN ${setup}` : "",
    "docker.files": manager.files.join(" "),
    "docker.vendor": tarballs ? `COPY ${vendorFolder} ./${vendorFolder}` : "",
    "workflow.setup": setup ? `- run: ${setup}` : "",
  };
}

async function writeInto(folder: string, file: ProjectFile): Promise<void> {
  const target = path.join(folder, file.path);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, file.text);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .toSorted();
}
