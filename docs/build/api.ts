import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { Application, type TypeDocOptions } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";

const root = join(import.meta.dirname, "../..");

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, { readonly "@rollcall/source": string }>>;
}

/** Where what can be imported begins. All names of `@rollcall/core` are among those of `@rollcall/app`. */
const entryPoints: string[] = [];
/** What readers import, by TypeDoc's name for it: its place among the sources. */
const names = new Map<string, string>();
for (const folder of ["app", "balancer", "registry", "testing", "cli"]) {
  const manifest = readFileSync(join(root, "packages", folder, "package.json"), "utf8");
  const { name, exports } = JSON.parse(manifest) as Manifest;
  for (const [subpath, conditions] of Object.entries(exports)) {
    const source = posix.join(folder, conditions["@rollcall/source"]);
    entryPoints.push(join(root, "packages", source));
    names.set(source.replace(/(\/index)?\.ts$/, ""), posix.join(name, subpath));
  }
}

const options: Partial<TypeDocOptions & PluginOptions & { docsRoot: string }> = {
  entryPoints,
  tsconfig: join(root, "docs/build/tsconfig.api.json"),
  plugin: ["typedoc-plugin-markdown", "typedoc-vitepress-theme"],
  out: join(root, "docs/api"),
  docsRoot: join(root, "docs"),
  name: "API reference",
  readme: "none",
  // Where a name is written down is a matter of this machine and of the moment.
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  logLevel: "Warn",
};

/** Writes `docs/api`: a page for each exported name, and the sidebar that leads there. */
const app = await Application.bootstrapWithPlugins(options);
const project = await app.convert();
if (!project) throw new Error("the API reference cannot be made: see the errors above");
for (const each of project.children ?? []) {
  const name = names.get(each.name);
  if (!name) throw new Error(`the API reference has a module ${each.name}, which no package exports`);
  each.name = name;
}
await app.generateOutputs(project);
