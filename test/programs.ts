/** The loader of `rollcall dev`: what `node --import` needs to run TypeScript. */
export const tsLoader: string = new URL("../packages/cli/dist/dev/ts-loader.js", import.meta.url).href;

/**
 * Arguments of `node` before a TypeScript file. The packages that it imports are loaded as built: that is what users run, and
 * a process starts sooner.
 */
export const typeScript: readonly string[] = ["--import", tsLoader];

/** The file of the `rollcall` command, as built. */
export const rollcallMain: string = new URL("../packages/cli/dist/main.js", import.meta.url).pathname;
