import { execFile } from "node:child_process";
import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { fixtures, scratch } from "./fixtures/scratch.js";
import { generate } from "./generate.js";

const repository = path.resolve(import.meta.dirname, "../../../..");

async function compile(directory: string, options: object = {}): Promise<string> {
  const tsconfig = {
    extends: path.join(repository, "tsconfig.base.json"),
    compilerOptions: { composite: false, noEmit: true, noUnusedLocals: true, ...options },
    include: ["."],
  };
  await writeFile(path.join(directory, "tsconfig.json"), JSON.stringify(tsconfig));
  const tsc = path.join(repository, "node_modules/.bin/tsc");
  return promisify(execFile)(tsc, ["-p", directory]).then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
}

it("generates code that compiles strictly and whose types accept and refuse what they should", async () => {
  await using out = await scratch();
  await generate({ protos: [fixtures], out: out.path, importFrom: "@rollcall/core" });
  await copyFile(path.join(fixtures, "usage.ts.txt"), path.join(out.path, "usage.ts"));
  expect(await compile(out.path)).toBe("");
}, 60_000);

it("notices when generated code does not compile", async () => {
  await using out = await scratch();
  await generate({ protos: [fixtures], out: out.path, importFrom: "@rollcall/core" });
  await writeFile(path.join(out.path, "usage.ts"), 'import { None } from "./shop/v1/shop.js";\nNone();\n');
  expect(await compile(out.path)).toContain("has no exported member 'None'");
}, 60_000);
