import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { ExitCode, ExitError } from "../exit-code.js";

/** A clone of a repository that is still empty is a place for a project. */
const welcome: ReadonlySet<string> = new Set([".git"]);

const stagePrefix = ".rollcall-new-";

/**
 * Fills a folder all at once: what `fill` writes appears in `target` when it is complete, or not at all.
 * @param target absolute; is made, or exists and is empty
 * @param signal leaves everything as it was, until the last step
 * @throws ExitError when something is in the way or cannot be written
 */
export async function stageFolder(
  target: string,
  signal: AbortSignal,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const exists = await isEmptyFolder(target);
  const parent = exists ? target : path.dirname(target);
  let made: string | undefined;
  let staged: string | undefined;
  try {
    for (const folder of await missingFolders(parent)) {
      await mkdir(folder);
      made ??= folder;
    }
    staged = await mkdtemp(path.join(parent, stagePrefix));
    const content = path.join(staged, "project");
    await mkdir(content);
    await fill(content);
    signal.throwIfAborted();
    if (exists) await moveInto(target, content);
    else await rename(content, target);
    await rmdir(staged);
  } catch (error) {
    if (staged !== undefined) await rm(staged, { recursive: true, force: true });
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw wordsFor(error, target);
  }
}

async function isEmptyFolder(target: string): Promise<boolean> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    if (error.code === "ENOTDIR")
      throw new ExitError(ExitCode.failed, `${target} cannot be made: it, or a part of its path, is a file`);
    throw wordsFor(error, target);
  });
  const inTheWay = (names ?? []).filter((name) => !welcome.has(name)).toSorted();
  if (inTheWay.length === 0) return names !== undefined;
  const shown = inTheWay.length > 5 ? [...inTheWay.slice(0, 5), `${inTheWay.length - 5} more`] : inTheWay;
  throw new ExitError(
    ExitCode.failed,
    `${target} is not empty: it has ${shown.join(", ")}; choose another name or --directory`,
  );
}

/** What has to be made for a folder, the outermost first. Not left to `mkdir`, which tries for ever in places like /proc. */
async function missingFolders(folder: string): Promise<readonly string[]> {
  const present = await stat(folder).then(
    () => true,
    () => false,
  );
  return present ? [] : [...(await missingFolders(path.dirname(folder))), folder];
}

/** One by one, so that the folder stays the one that shells are in. */
async function moveInto(target: string, content: string): Promise<void> {
  const moved: string[] = [];
  try {
    for (const name of await readdir(content)) {
      await rename(path.join(content, name), path.join(target, name));
      moved.push(name);
    }
    await rmdir(content);
  } catch (error) {
    for (const name of moved) await rm(path.join(target, name), { recursive: true, force: true });
    throw error;
  }
}

function wordsFor(error: unknown, target: string): unknown {
  const { code, path: failed = target } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || error instanceof ExitError) return error;
  const why: Readonly<Record<string, string>> = {
    EACCES: "no permission",
    EPERM: "no permission",
    ENOENT: "it cannot be made there",
    EROFS: "the file system is read-only",
    ENOSPC: "no space is left",
    ENAMETOOLONG: "the path is too long",
  };
  // The folder on the way is nobody's to know of.
  const where = failed.includes(stagePrefix) ? target : failed;
  return new ExitError(ExitCode.failed, `cannot write ${where}: ${why[code] ?? error.message}`, {
    cause: error,
  });
}
