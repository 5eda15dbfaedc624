import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { generate } from "@rollcall/cli";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeBlocks, pages, root, type CodeBlock } from "./pages.js";

const run = promisify(execFile);

/**
 * Not here: the README, whose files are compiled and run by the test of its tutorial; decisions, whose code is a sketch;
 * the examples of a package's page that are tests themselves.
 */
const blocks = pages()
  .filter(({ path }) => path !== "README.md" && !path.startsWith("docs/adr/"))
  .flatMap(codeBlocks)
  .filter(({ page, attributes }) => !(page.startsWith("packages/") && "test" in attributes));

let folder: string;

beforeAll(async () => {
  // In the repository, where the packages are found by their names.
  folder = await mkdtemp(join(root, "tutorial-"));
  await cp(join(root, "tutorial/tsconfig.json"), join(folder, "tsconfig.json"));
  for (const page of new Set(blocks.map((each) => each.page)))
    await writePage(
      join(folder, page.replaceAll(/\W/g, "-")),
      blocks.filter((each) => each.page === page),
    );
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The blocks as files, beside the contracts that they import: the page's own, else those of the tests and examples. */
async function writePage(target: string, all: readonly CodeBlock[]): Promise<void> {
  const named = (language: string): readonly (readonly [string, string])[] =>
    all
      .filter((each) => each.language === language)
      .map(({ attributes: { file, test }, line, code }) => [
        file ?? test ?? `line-${line}.${language}`,
        code,
      ]);
  for (const [name, code] of [...named("ts"), ...named("proto")]) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await writeFile(join(target, name), code);
  }
  const gen = join(target, "gen");
  if (named("proto").length > 0) await generate({ protos: [join(target, "proto")], out: gen });
  else
    for (const contracts of ["examples/hello/src/gen", "test/fixtures/gen"])
      await cp(join(root, contracts), gen, { recursive: true });
}

describe("the pages", () => {
  it("have TypeScript to compile", () => {
    const counted = new Set(blocks.filter(({ language }) => language === "ts").map(({ page }) => page));
    expect([...counted]).toEqual(
      expect.arrayContaining(["docs/index.md", "docs/guides/clients.md", "packages/app/README.md"]),
    );
  });

  it("have TypeScript that compiles under the strictest settings", async () => {
    const tsc = join(root, "node_modules/.bin/tsc");
    const { stdout } = await run(tsc, ["-p", folder], { cwd: root }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  }, 120_000);
});
