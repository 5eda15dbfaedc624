/** What `node --import` needs to run TypeScript: the loader of `rollcall dev`. */
export const tsLoader: string = new URL("../packages/cli/src/dev/ts-loader.ts", import.meta.url).href;

/** Arguments of `node` before a TypeScript file that is run from its sources, with the packages' sources. */
export const fromSources: readonly string[] = ["--conditions=@rollcall/source", "--import", tsLoader];
