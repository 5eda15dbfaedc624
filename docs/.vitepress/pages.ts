import { join } from "node:path";

/** The repository: the site is made of its Markdown files where they stand. */
export const root = join(import.meta.dirname, "../..");

/** Where a file of the repository stands on the site, in VitePress' patterns; the first that fits decides. */
export const rewrites: Readonly<Record<string, string>> = {
  "docs/adr/README.md": "adr/index.md",
  "docs/:rest*": ":rest*",
  "packages/:name/README.md": "packages/:name.md",
  "examples/:name/README.md": "examples/:name.md",
  "CHANGELOG.md": "changelog.md",
  "CONTRIBUTING.md": "contributing.md",
};

/** Markdown that is no page. The front page of the repository has one of its own here. */
export const excluded: readonly string[] = [
  "README.md",
  ".cache/**",
  "artifacts/**",
  "bench/**",
  "scripts/**",
  "test/**",
  "tutorial*/**",
];

/** The address on the site of a Markdown file of the repository; undefined for one that is no page. */
export function addressOf(file: string): string | undefined {
  if (file === "README.md") return "/";
  if (file === "docs/adr/README.md") return "/adr/";
  if (file === "CHANGELOG.md" || file === "CONTRIBUTING.md") return `/${file.toLowerCase()}`;
  const [, readme] = /^((?:packages|examples)\/[^/]+)\/README\.md$/.exec(file) ?? [];
  if (readme) return `/${readme}.md`;
  const [, page] = /^docs\/(.+\.md)$/.exec(file) ?? [];
  return page && `/${page}`;
}
