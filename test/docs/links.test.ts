import { statSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { sidebar, type Item } from "../../docs/.vitepress/sidebar.js";
import { addressOf } from "../../docs/.vitepress/pages.js";
import { slug } from "../../docs/.vitepress/slug.js";
import { pages, prose, root, type Page } from "./pages.js";

const all = pages();

/** The anchors of a page's headings. */
function anchorsOf({ text }: Page): ReadonlySet<string> {
  const headings = text.replaceAll(/^```.*?^```$/gms, "").matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) => slug(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1"))),
  );
}

const anchors = new Map(all.map((page) => [page.path, anchorsOf(page)]));

/** Why a link leads nowhere, if it does. The API reference is written by the site's build, which checks links to it. */
function faultOf(href: string, page: Page): string | undefined {
  const [, path = "", hash] = /^([^#]*)(?:#(.*))?$/.exec(href) ?? [];
  const target = path === "" ? page.path : posix.join(posix.dirname(page.path), decodeURI(path));
  if (target.startsWith("docs/api/")) return undefined;
  const found = statSync(join(root, target), { throwIfNoEntry: false });
  if (!found) return `${page.path}: ${href}: no such file`;
  const file = found.isDirectory() ? posix.join(target, "README.md") : target;
  if (hash === undefined || anchors.get(file)?.has(hash)) return undefined;
  return `${page.path}: ${href}: no such heading`;
}

/** Every address in a sidebar. */
function linksIn(items: readonly Item[]): readonly string[] {
  return items.flatMap(({ link, items: inner = [] }) => [...(link ? [link] : []), ...linksIn(inner)]);
}

describe("the links of the pages", () => {
  it("lead somewhere", () => {
    const faults = all.flatMap((page) =>
      [...prose(page.text).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].flatMap(
        ([, href = ""]) => faultOf(href, page) ?? [],
      ),
    );
    expect(faults).toEqual([]);
  });
});

describe("the sidebar", () => {
  it("has every page", () => {
    const { "/": guide = [] } = sidebar();
    const linked = new Set(linksIn(guide).map((link) => link.replace(/\.md$/, "")));
    const addresses = all.flatMap(({ path }) => addressOf(path)?.replace(/(index)?\.md$/, "") ?? []);
    expect(addresses.filter((address) => !linked.has(address))).toEqual([]);
  });
});
