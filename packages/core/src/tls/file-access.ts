import { readFileSync, watch, type FSWatcher } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

/** How certificates are read, and changes noticed: a seam for tests. */
export interface FileAccess {
  readSync(path: string): Buffer;
  read(path: string): Promise<Buffer>;
  /** Tells of what may be a change. Returns the end of the watch. */
  watch(paths: readonly string[], changed: () => void): () => void;
}

/** The machine's. */
export const systemFiles: FileAccess = {
  readSync: (path) => readFileSync(path),
  read: (path) => readFile(path),
  watch: watchFolders,
};

/**
 * Watches the folders: there a file that is replaced shows, and so does the link by which Kubernetes swaps a whole
 * volume. Of a folder that cannot be watched nothing is told.
 */
function watchFolders(paths: readonly string[], changed: () => void): () => void {
  const watchers: FSWatcher[] = [];
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    try {
      const watcher = watch(folder, { persistent: false }, () => changed());
      watcher.on("error", () => watcher.close());
      watchers.push(watcher);
    } catch {
      // No inotify instances left, or a file system without: the files are read from time to time anyway.
    }
  }
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}
