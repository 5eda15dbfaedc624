import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/guides/other-languages.md"), "utf8");
const blocks = [...page.matchAll(/^```go file=(\S+)\n(.*?)^```$/gms)].map(([, file = "", code = ""]) => ({
  file,
  code,
}));

test.each(blocks)("the guide to other languages shows $file as it is tested", ({ file, code }) => {
  expect(readFileSync(join(root, file), "utf8")).toContain(code);
});

test("the guide has code from both sides", () => {
  expect(new Set(blocks.map(({ file }) => file)).size).toBe(2);
});
