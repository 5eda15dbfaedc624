import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ProjectFile } from "./manifest.js";

/** The files of a new project, beside `src` and `dist` in this package. */
export const templateFolder: string = fileURLToPath(new URL("../../templates/service", import.meta.url));

/** What stands for a placeholder `{{key}}`. A line of nothing but an empty one is left out. */
export type TemplateValues = Readonly<Record<string, string>>;

/** The template's files with their placeholders filled in, in their names too. */
export async function renderTemplate(values: TemplateValues): Promise<readonly ProjectFile[]> {
  const entries = await readdir(templateFolder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async (entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const name = path.relative(templateFolder, file).split(path.sep).map(dotted).join("/");
      return { path: render(name, values), text: render(await readFile(file, "utf8"), values) };
    }),
  );
}

/**
 * Fills in placeholders.
 * @throws Error for one that has no value
 */
export function render(text: string, values: TemplateValues): string {
  const lines = text.replaceAll(/^[ \t]*\{\{([\w.]+)\}\}\n/gm, (line, key: string) =>
    values[key] === "" ? "" : line,
  );
  return lines.replaceAll(/\{\{([\w.]+)\}\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined)
      throw new Error(`the template has a placeholder {{${key}}} that nothing is known of`);
    return value;
  });
}

/** npm leaves a .gitignore out of what it publishes, so files that begin with a dot begin with `_` in the template. */
function dotted(name: string): string {
  return name.replace(/^_/, ".");
}
