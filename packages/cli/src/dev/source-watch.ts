import { watch } from "chokidar";
import { isWatched, leadsTo, relativeBelow } from "./watched-paths.js";

export interface SourceWatchOptions {
  /** Files and folders, absolute; those that do not exist are watched for. */
  readonly roots: readonly string[];
  readonly cwd: string;
  onChange(file: string): void;
  onError(error: Error): void;
}

/** Follows what is added, changed and removed. Resolves when it has seen all that is there. */
export async function watchSources(options: SourceWatchOptions): Promise<AsyncDisposable> {
  const { roots, cwd, onChange, onError } = options;
  // From the folder above, since one of them may come and go.
  const outside = roots.filter((root) => relativeBelow(cwd, root) === undefined);
  const watcher = watch([cwd, ...outside], {
    ignoreInitial: true,
    ignored: (file) => !isWatched(roots, file) && !leadsTo(roots, file),
  });
  watcher.on("all", (event, file) => {
    // A folder is nothing by itself; what is in it has events of its own.
    if (event !== "addDir" && event !== "unlinkDir") onChange(file);
  });
  watcher.on("error", (error) => onError(error instanceof Error ? error : new Error(String(error))));
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  return { [Symbol.asyncDispose]: () => watcher.close() };
}
