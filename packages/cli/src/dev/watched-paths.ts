import path from "node:path";

const ignoredFolders = new Set(["node_modules", "dist", "coverage", ".git", ".cache"]);

/** What changes without the service being another: tests, and what editors and tools leave beside the file they write. */
const ignoredFiles = [
  /\.(?:test|spec|type-test)\.[cm]?[jt]sx?$/,
  /\.(?:tmp|temp|partial|swp|swx|swo|bak|orig|log|tsbuildinfo)$/,
  /~$/,
  /^[.]?#/,
  /^4913$/,
  /___jb_(?:tmp|old)___$/,
  /^\.(?:DS_Store|goutputstream-.*)$/,
];

/**
 * Whether a change of a path counts: it is one of the roots, or below one and nothing that is ignored.
 * @param roots files and folders, absolute
 */
export function isWatched(roots: readonly string[], changed: string): boolean {
  return roots.some((root) => {
    const below = relativeBelow(root, changed);
    if (below === undefined) return false;
    if (below === "") return true;
    const parts = below.split(path.sep);
    const file = parts.at(-1)!;
    return (
      !parts.some((part) => ignoredFolders.has(part)) && !ignoredFiles.some((pattern) => pattern.test(file))
    );
  });
}

/** Whether a folder is on the way to a root, which need not exist yet. */
export function leadsTo(roots: readonly string[], folder: string): boolean {
  return roots.some((root) => relativeBelow(folder, root) !== undefined);
}

/** The path from a folder to what lies in it; empty for itself, undefined for what lies elsewhere. */
export function relativeBelow(folder: string, file: string): string | undefined {
  const relative = path.relative(folder, file);
  const elsewhere = relative === ".." || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
  return elsewhere ? undefined : relative;
}
