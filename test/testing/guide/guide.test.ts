import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const pages = ["packages/testing/README.md", "docs/guides/testing.md"];
const page = (await Promise.all(pages.map((path) => readFile(join(root, path), "utf8")))).join("\n");

/** Blocks that say `test=<file>`: the file of that name in this folder, which runs with the other tests. */
const blocks = [...page.matchAll(/^```ts test=(\S+)\n(.*?)^```$/gms)].map(([, file = "", code = ""]) => ({
  file,
  code,
}));

describe("the guide", () => {
  it("has a test of a fake, of a deadline and of a drain", () => {
    expect(blocks.map(({ file }) => file)).toEqual(
      expect.arrayContaining(["fake.test.ts", "deadline.test.ts", "drain.test.ts"]),
    );
  });

  it.each(blocks)("shows $file as it runs", async ({ file, code }) => {
    const source = await readFile(join(import.meta.dirname, file), "utf8");
    expect(code).toBe(source.replaceAll('"../../fixtures/gen/', '"./gen/'));
  });
});
