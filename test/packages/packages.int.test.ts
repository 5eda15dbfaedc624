import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packPackages, staleFiles, type Tarball } from "../../scripts/pack-packages.js";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const bin = (name: string): string => join(root, "node_modules/.bin", name);

interface Manifest {
  readonly name: string;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly license?: string;
  readonly type?: string;
  readonly engines?: { readonly node?: string };
  readonly exports?: object;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const names = await Promise.all(
  (await readdir(join(root, "packages"))).map(async (folder) => {
    const text = await readFile(join(root, "packages", folder, "package.json"), "utf8");
    return (JSON.parse(text) as Manifest).name;
  }),
);

let folder: string;
let tarballs: ReadonlyMap<string, Tarball>;

function tarball(name: string): Tarball {
  const found = tarballs.get(name);
  if (!found) throw new Error(`${name} was not packed`);
  return found;
}

/** Text of a file of the unpacked tarball. */
async function textIn({ name }: Tarball, file: string): Promise<string> {
  return readFile(join(folder, name, "package", file), "utf8");
}

async function manifestOf(packed: Tarball): Promise<Manifest> {
  return JSON.parse(await textIn(packed, "package.json")) as Manifest;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rollcall-pack-"));
  const packed = await packPackages(join(folder, "packed"));
  tarballs = new Map(packed.map((each) => [each.name, each]));
  for (const { name, filename } of packed) {
    await mkdir(join(folder, name), { recursive: true });
    await run("tar", ["xzf", filename, "-C", join(folder, name)]);
  }
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(names)("%s as published", (name) => {
  it("has its page, its licence and every source of its build, and nothing of its development", async () => {
    const packed = tarball(name);
    expect(await textIn(packed, "README.md")).toMatch(/^```(ts|sh)\b/m);
    expect(packed.files.filter((file) => !/^(dist|src|templates)\//.test(file)).toSorted()).toEqual([
      "LICENSE",
      "README.md",
      "package.json",
    ]);
    const own = packed.files.filter((file) => !file.startsWith("templates/"));
    expect(
      own.filter((file) => /\.(test|type-test)\.|fixtures\/|tsbuildinfo|\.(tgz|log)$/.test(file)),
    ).toEqual([]);
    // Maps lead to these, in stack traces and on a jump to a definition.
    expect(own.filter((file) => file.endsWith(".js") && !own.includes(`${file}.map`))).toEqual([]);
    expect(staleFiles(own)).toEqual([]);
  });

  it("has a manifest for its users: no way into sources, no workspace, what a registry shows", async () => {
    const packed = tarball(name);
    const text = await textIn(packed, "package.json");
    expect(text).not.toMatch(/workspace:|@rollcall\/source|devDependencies|"scripts"|file:|link:/);
    const { version } = JSON.parse(text) as { version: string };
    expect(basename(packed.filename)).toBe(`${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
    expect(await manifestOf(packed)).toMatchObject({
      description: expect.stringMatching(/\S/),
      keywords: expect.arrayContaining(["grpc"]),
      license: "Apache-2.0",
      type: "module",
      engines: { node: ">=22.12.0" },
    });
  });

  it("declares whatever its code and its types import", async () => {
    const packed = tarball(name);
    const { dependencies, peerDependencies, bin: bins = {} } = await manifestOf(packed);
    const declared = new Set([name, ...Object.keys({ ...dependencies, ...peerDependencies })]);
    const built = packed.files.filter((file) => /^dist\/.*\.(js|d\.ts)$/.test(file));
    const texts = await Promise.all(built.map((file) => textIn(packed, file)));
    const imported = texts.flatMap((text) =>
      [...text.matchAll(/(?:from|^import|import\() ?"([@a-z][^"\s]*)"/gm)].map(
        ([, specifier = ""]) => specifier,
      ),
    );
    const packages = imported
      .filter((specifier) => !specifier.startsWith("node:") && !builtinModules.includes(specifier))
      .map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
    expect(imported).not.toEqual([]);
    expect([...new Set(packages)].filter((each) => !declared.has(each))).toEqual([]);
    for (const file of Object.values(bins)) {
      expect(await textIn(packed, file)).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });

  it("passes publint, warnings and suggestions included", async () => {
    const { stdout } = await run(bin("publint"), [tarball(name).filename, "--strict"]);
    expect(stdout).toContain("All good!");
  }, 60_000);

  it("has types that resolve wherever its code does", async () => {
    const packed = tarball(name);
    // A command alone has nothing to import.
    if (!(await manifestOf(packed)).exports) return;
    const { stdout } = await run(bin("attw"), [packed.filename, "--profile", "esm-only", "--format", "json"]);
    const { analysis } = JSON.parse(stdout) as { analysis: { types: object } };
    expect(analysis.types).toMatchObject({ kind: "included" });
  }, 60_000);
});

it("notices what a build keeps of a source that is gone", () => {
  const files = ["dist/a.js", "dist/a.d.ts", "dist/b/c.js", "dist/b/c.js.map", "src/a.ts", "README.md"];
  expect(staleFiles(files)).toEqual(["dist/b/c.js"]);
});

it("publishes every package below packages/, in a dry run, and nothing else", async () => {
  const publish = ["-y", "pnpm@12", "-r", "publish", "--dry-run", "--no-git-checks"];
  const { stdout, stderr } = await run("npx", publish, { cwd: root });
  const published = [...`${stdout}${stderr}`.matchAll(/📦 (\S+)@\d/gu)].map(([, name = ""]) => name);
  expect(published.toSorted()).toEqual(names.toSorted());
}, 120_000);
