import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pages.js";

/** As VitePress takes it, whose own type brings those of a browser. */
export interface Item {
  text: string;
  link?: string;
  collapsed?: boolean;
  items?: Item[];
}

/** By the beginning of the addresses where they are shown. */
export type Sidebars = Record<string, Item[]>;

/** The pages in the order in which one reads them; those that are not written yet are left out. */
const groups: readonly { readonly text: string; readonly pages: readonly (readonly [string, string])[] }[] = [
  {
    text: "Start",
    pages: [
      ["What it is", "/"],
      ["Tutorial", "/tutorial"],
      ["Architecture", "/architecture"],
    ],
  },
  {
    text: "Write services",
    pages: [
      ["Contracts", "/guides/contracts"],
      ["Clients", "/guides/clients"],
      ["Errors", "/guides/errors"],
      ["Testing", "/guides/testing"],
      ["Limits of servers", "/guides/protection"],
      ["Other languages", "/guides/other-languages"],
    ],
  },
  {
    text: "Run them",
    pages: [
      ["The command line", "/guides/cli"],
      ["Calling services", "/guides/calling-services"],
      ["Graceful rollout", "/guides/graceful-rollout"],
      ["Canaries", "/guides/canary"],
      ["Balancing", "/guides/balancing"],
      ["etcd in production", "/guides/etcd"],
      ["Kubernetes", "/guides/kubernetes"],
      ["Security", "/guides/security"],
      ["Drills", "/guides/drill"],
    ],
  },
  {
    text: "Look up",
    pages: [
      ["Settings", "/guides/configuration"],
      ["Error messages", "/guides/troubleshooting"],
      ["Fault matrix", "/fault-matrix"],
      ["The lane", "/lane"],
      ["Changelog", "/changelog"],
    ],
  },
];

function readmes(text: string, folder: string, scope: string): Item {
  const names = readdirSync(join(root, folder)).filter((name) =>
    existsSync(join(root, folder, name, "README.md")),
  );
  return {
    text,
    collapsed: true,
    items: names.map((name) => ({ text: scope + name, link: `/${folder}/${name}` })),
  };
}

function decisions(): Item {
  const files = readdirSync(join(root, "docs/adr")).filter((name) => /^\d{4}-.*\.md$/.test(name));
  const items = files.toSorted().map((name) => {
    const [, title = name] = /^# (.+)$/m.exec(readFileSync(join(root, "docs/adr", name), "utf8")) ?? [];
    return { text: title, link: `/adr/${name.replace(/\.md$/, "")}` };
  });
  return { text: "Decisions", link: "/adr/", collapsed: true, items };
}

/**
 * What `build/api.ts` has written, if it has: for each module a sidebar of its own, under the list of modules. One for
 * all would stand in full in each of some hundred pages.
 */
function api(): Sidebars {
  const path = join(root, "docs/api/typedoc-sidebar.json");
  const tree = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Item[]) : [];
  const modules = tree.flatMap(modulesOf);
  const list: Item = {
    text: "Modules",
    collapsed: false,
    items: modules.map(({ text, link = "" }) => ({ text, link })),
  };
  const sidebars: Sidebars = { "/api/": [list] };
  for (const { text, link = "", items = [] } of modules)
    sidebars[link] = [list, { text, items: items.filter((each) => !each.link) }];
  return sidebars;
}

/** A module and those whose names begin with its own: they have a page, which the groups of names have not. */
function modulesOf(item: Item): Item[] {
  if (!item.link?.endsWith("/")) return [];
  return [
    { ...item, text: item.link.replaceAll(/^\/api\/|\/$/g, "") },
    ...(item.items ?? []).flatMap(modulesOf),
  ];
}

function guide(): Item[] {
  const written = groups.map(({ text, pages }) => ({
    text,
    items: pages.flatMap(([title, link]) => (isWritten(link) ? [{ text: title, link }] : [])),
  }));
  return [
    ...written,
    readmes("Packages", "packages", "@rollcall/"),
    readmes("Examples", "examples", ""),
    decisions(),
    { text: "Contributing", link: "/contributing" },
  ];
}

function isWritten(link: string): boolean {
  return link === "/" || link === "/changelog" || existsSync(join(root, "docs", `${link}.md`));
}

/** All sidebars. */
export function sidebar(): Sidebars {
  return { ...api(), "/": guide() };
}
