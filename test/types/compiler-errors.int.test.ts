import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);
let folder: string;
/** What tsc says of the sources; it emits them all the same. */
let output: string;

const shop = JSON.stringify("../../../../test/fixtures/gen/shop/v1/shop.js");

const sources: Record<string, string> = {
  "misses-method.ts": `
import { Service } from "@rollcall/app";
import { Orders } from ${shop};
@Service(Orders)
export class Miss {
  async get() { return {}; }
  async put() { return {}; }
  async *chat() { yield {}; }
}`,
  "unknown-field.ts": `
import { Service } from "@rollcall/app";
import { Orders } from ${shop};
@Service(Orders)
export class Typo {
  async get() { return { id: "1", totlCents: 1n }; }
  async put() { return {}; }
  async *watch() { yield {}; }
  async import() { return {}; }
  async *chat() { yield {}; }
}`,
  "other-client.ts": `
import { Client } from "@rollcall/app";
import { Billing, Orders } from ${shop};
export class Caller {
  constructor(@Client(Billing) readonly billing: Client<Orders>) {}
}`,
  "forgotten-client.ts": `
import { Client, ConfigError, Service } from "@rollcall/app";
import { Billing, Orders } from ${shop};
export function declare(): unknown {
  @Service(Billing)
  class Forgetful {
    constructor(readonly orders: Client<Orders>) {}
    async charge() { return {}; }
  }
  return Forgetful;
}
export { ConfigError };`,
};

beforeAll(async () => {
  // Neither TypeScript nor vitest looks into folders whose names begin with a dot, and neither runs in this one.
  const cache = join(root, "test/types/.cache");
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, "errors-"));
  const options = {
    noEmit: false,
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
  };
  const config = {
    extends: "../../../../tsconfig.base.json",
    compilerOptions: { ...options, rootDir: "../../../..", outDir: "out", noEmitOnError: false },
    include: ["*.ts"],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  for (const [name, source] of Object.entries(sources)) await writeFile(join(folder, name), source);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  output = await run(process.execPath, [tsc, "-p", folder, "--pretty", "false"], { cwd: root }).then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
});
afterAll(() => rm(folder, { recursive: true }));

it("prints errors that say what is wrong", () => {
  const of = (name: string): string => {
    const from = relative(root, join(folder, name));
    const lines = output.split("\n");
    const first = lines.findIndex((line) => line.startsWith(from));
    const rest = lines.slice(first + 1).findIndex((line) => !line.startsWith(" "));
    return lines.slice(first, first + 1 + rest).join("\n");
  };
  expect(of("misses-method.ts")).toContain(
    "Type 'Miss' is missing the following properties from type 'Handlers<Orders>': watch, import",
  );
  expect(of("unknown-field.ts")).toContain(`'UnknownField<"get", "totlCents">' is not assignable to`);
  expect(of("other-client.ts")).toContain("DeclareParameterAs<");
  expect(of("other-client.ts")).toContain("TS1271");
  expect(output).not.toContain("forgotten-client.ts");
});

it("compiles a forgotten @Client, which the class then refuses", async () => {
  const name = relative(root, join(folder, "forgotten-client.js"));
  const module = (await import(pathToFileURL(join(folder, "out", name)).href)) as {
    declare(): unknown;
    ConfigError: new () => Error;
  };
  expect(module.declare).toThrow(module.ConfigError);
  expect(module.declare).toThrow(
    "Forgetful: constructor parameter 0 has no class to inject; add @Client(Contract)",
  );
});
