import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root: string = join(import.meta.dirname, "../..");

export interface Page {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface CodeBlock {
  readonly page: string;
  /** Of the first line of code. */
  readonly line: number;
  readonly language: string;
  /** What stands behind the language: `file=a.ts` is `{ file: "a.ts" }`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly code: string;
}

/** Every page that is written by hand. */
export function pages(): readonly Page[] {
  const paths = ["*.md", "{packages,examples}/*/README.md", "docs/**/*.md"].flatMap((pattern) =>
    globSync(pattern, { cwd: root, exclude: (path) => /(^|\/)(node_modules|api)$/.test(slashes(path)) }),
  );
  return paths
    .map(slashes)
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

export function codeBlocks({ path, text }: Page): readonly CodeBlock[] {
  return [...text.matchAll(/^```(\S+)( [^\n]*)?\n(.*?)^```$/gms)].map(
    ({ index, 1: language = "", 2: info = "", 3: code = "" }) => ({
      page: path,
      line: text.slice(0, index).split("\n").length + 1,
      language,
      attributes: Object.fromEntries(
        info
          .trim()
          .split(/\s+/)
          .map((pair) => pair.split("=", 2)),
      ) as Record<string, string>,
      code,
    }),
  );
}

/** The page without its code. */
export function prose(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, "").replaceAll(/`[^`\n]*`/g, "");
}

function slashes(path: string): string {
  return path.replaceAll("\\", "/");
}
