import { extname } from "node:path";

/** The module of this name in the same folder, in the sources and in what is built of them. */
export const siblingOf = (url: string, name: string): URL => new URL(`${name}${extname(url)}`, url);
