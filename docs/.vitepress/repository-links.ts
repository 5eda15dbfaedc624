import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import type { MarkdownEnv, MarkdownRenderer } from "vitepress";
import { addressOf, root } from "./pages.js";

/** Files that a page links to and that are no pages; the site has them as text, below `/source/`. */
const linked = new Set<string>();
const prefix = "/source/";
const suffix = ".txt";

/**
 * Links as they work in the repository, made to work on the site: to pages, wherever they stand there, and to other
 * files. One that leads nowhere is left as it is, and ends the build as a dead link.
 */
export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push("repository_links", ({ tokens, env }) => {
    const { realPath, path } = env as MarkdownEnv;
    const from = relative(root, realPath ?? path).replaceAll("\\", "/");
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === "link_open" ? token.attrGet("href") : null;
      if (href !== null) token.attrSet("href", onSite(href, from));
    }
  });
}

function onSite(href: string, from: string): string {
  const [, path = "", hash = ""] = /^([^#?:]*)(#.*)?$/.exec(href) ?? [];
  if (path === "" || path.startsWith("/")) return href;
  const target = posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, "");
  const file = existsSync(join(root, target, "README.md")) ? `${target}/README.md` : target;
  const address = addressOf(file);
  if (address) return address + hash;
  if (!statSync(join(root, file), { throwIfNoEntry: false })?.isFile()) return href;
  linked.add(file);
  return prefix + file + suffix;
}

/** For the built site. */
export function copyLinkedFiles(outDir: string): void {
  for (const file of linked) {
    const target = join(outDir, prefix, file + suffix);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, file), target);
  }
}

/** For the development server: what is at an address below `/source/`, if a page that was shown links to it. */
export function linkedFile(address: string): Buffer | undefined {
  if (!address.startsWith(prefix) || !address.endsWith(suffix)) return undefined;
  const file = decodeURI(address.slice(prefix.length, -suffix.length));
  return linked.has(file) ? readFileSync(join(root, file)) : undefined;
}
