import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Makes a repository in a folder, without a commit: the first one is the user's.
 * @returns `present` inside of another repository, `none` where there is no git
 */
export async function initRepository(folder: string): Promise<"made" | "present" | "none"> {
  try {
    const inside = await run("git", ["rev-parse", "--is-inside-work-tree"], { cwd: folder }).then(
      ({ stdout }) => stdout.trim() === "true",
      () => false,
    );
    if (inside) return "present";
    await run("git", ["init", "--quiet", "--initial-branch=main"], { cwd: folder });
    return "made";
  } catch {
    return "none";
  }
}
