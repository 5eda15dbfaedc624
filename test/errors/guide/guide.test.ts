import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const page = await readFile(join(import.meta.dirname, "../../../docs/guides/errors.md"), "utf8");

/** Blocks that say `file=<name>`: the file of that name in this folder, which runs with the other tests. */
const blocks = [...page.matchAll(/^```ts file=(\S+)\n(.*?)^```$/gms)].map(([, file = "", code = ""]) => ({
  file,
  code,
}));

describe("the guide to errors", () => {
  it("has code in files alone, which run", () => {
    expect(blocks.map(({ file }) => file)).toEqual([
      "order-errors.ts",
      "orders-service.ts",
      "callers.test.ts",
    ]);
    expect(page.match(/^```ts/gm)).toHaveLength(blocks.length);
  });

  it.each(blocks)("shows $file as it runs", async ({ file, code }) => {
    const source = await readFile(join(import.meta.dirname, file), "utf8");
    expect(code).toBe(source.replaceAll('"../../fixtures/gen/', '"./gen/'));
  });
});
