import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CommandLine } from "../fixtures/command-line.js";

let folder: string;
let line: CommandLine;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rollcall-new-"));
  line = new CommandLine();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (...names: string[]): string => path.join(folder, ...names);

async function tarballs(...left: string[]): Promise<string> {
  await mkdir(at("tarballs"));
  const names = ["app", "balancer", "cli", "core", "registry", "testing"].filter(
    (name) => !left.includes(name),
  );
  for (const name of names) await writeFile(at("tarballs", `rollcall-${name}-0.1.0.tgz`), name);
  return at("tarballs");
}

describe("rollcall new", () => {
  it("writes a whole project and says what to do next", async () => {
    const { code, out, err } = await line.rollcall(
      "new",
      "order-book",
      "--directory",
      at("book"),
      "--no-git",
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`order_book.v1.OrderBook in ${at("book")}`);
    expect(out).toContain(`  npm install\n  npm run test\n  npm run dev\n`);
    expect(await readdir(folder)).toEqual(["book"]);
    expect(await readFile(at("book/src/gen/order_book/v1/order_book.ts"), "utf8")).toContain(
      "export const OrderBook: ServiceContract<OrderBook>",
    );
    expect((await readdir(at("book"))).toSorted()).toEqual(
      expect.arrayContaining([
        ".dockerignore",
        ".env",
        ".github",
        ".gitignore",
        "Dockerfile",
        "k8s",
        "package.json",
      ]),
    );
    const files = await readdir(at("book"), { recursive: true, withFileTypes: true });
    const texts = files
      .filter((file) => file.isFile())
      .map((file) => readFile(path.join(file.parentPath, file.name), "utf8"));
    for (const text of await Promise.all(texts)) expect(text).not.toMatch(/\{\{[\w.]+\}\}/);
  });

  it("has every word of another package manager, and none of npm's, when asked or run by it", async () => {
    line.variables = { npm_config_user_agent: "pnpm/12.21.0 npm/? node/v24.0.0 linux x64" };
    const { out } = await line.rollcall("new", "orders", "--directory", at("orders"), "--no-git", "--json");
    expect(JSON.parse(out)).toMatchObject({
      name: "orders",
      service: "orders.v1.Orders",
      directory: at("orders"),
      repository: "none",
      installed: false,
      next: [expect.stringMatching(/^cd /), "pnpm install", "pnpm run test", "pnpm run dev"],
    });
    const texts = ["README.md", "Dockerfile", ".github/workflows/ci.yml"].map((file) =>
      readFile(at("orders", file), "utf8"),
    );
    for (const text of await Promise.all(texts)) expect(text).not.toMatch(/\bnpm (?!install --global pnpm)/);
  });

  it("takes Rollcall from tarballs, which it keeps", async () => {
    const packages = await tarballs();
    const { code } = await line.rollcall(
      "new",
      "orders",
      "--directory",
      at("orders"),
      "--packages",
      packages,
      "--no-git",
    );
    expect(code).toBe(0);
    expect(await readFile(at("orders/vendor/rollcall-core-0.1.0.tgz"), "utf8")).toBe("core");
    expect(await readFile(at("orders/Dockerfile"), "utf8")).toContain("\nCOPY vendor ./vendor\n");
  });

  it.each([
    ["a name that is none", ["Orders"], 2, /"Orders" is not valid; .*; try orders$/],
    ["a path", ["../orders"], 2, /is a path: use --directory/],
    ["a name like a flag", ["-rf"], 2, /unknown option '-r/],
    ["a name like a flag, said to be none", ["--", "-rf"], 2, /"-rf" is not valid/],
    ["no name", [], 2, /missing required argument 'name'/],
    ["two names", ["orders", "billing"], 2, /too many arguments/],
    [
      "an unknown package manager",
      ["orders", "--package-manager", "apt"],
      2,
      /Allowed choices are npm, pnpm, yarn/,
    ],
    [
      "a folder of packages that is not there",
      ["orders", "--packages", "/nowhere"],
      2,
      /\/nowhere cannot be read: ENOENT/,
    ],
  ])("refuses %s and writes nothing", async (_, args, exit, words) => {
    const { code, out, err } = await line.rollcall("new", "--directory", at("orders"), ...args);
    expect({ code, out }).toEqual({ code: exit, out: "" });
    expect(err).toMatch(words);
    expect(await readdir(folder)).toEqual([]);
  });

  it("names the packages that are missing or there twice", async () => {
    const packages = await tarballs("core", "registry");
    const missing = await line.rollcall("new", "orders", "--directory", at("orders"), "--packages", packages);
    expect(missing.code).toBe(2);
    expect(missing.err).toContain("lacks rollcall-core-<version>.tgz, rollcall-registry-<version>.tgz");
    for (const file of ["core-0.1.0", "registry-0.1.0", "core-0.2.0-rc.1"])
      await writeFile(path.join(packages, `rollcall-${file}.tgz`), "");
    const twice = await line.rollcall("new", "orders", "--directory", at("orders"), "--packages", packages);
    expect(twice.err).toContain("rollcall-core-0.1.0.tgz, rollcall-core-0.2.0-rc.1.tgz; leave one there");
    expect(await readdir(folder)).toEqual(["tarballs"]);
  });

  it("does not touch a folder that has something", async () => {
    await mkdir(at("orders"));
    await writeFile(at("orders", "notes\u001b[2J.txt"), "mine");
    const { code, err } = await line.rollcall("new", "orders", "--directory", at("orders"));
    expect(code).toBe(1);
    expect(err).toContain(
      String.raw`is not empty: it has notes\u001b[2J.txt; choose another name or --directory`,
    );
    expect((await readdir(at("orders"))).length).toBe(1);
  });

  it("leaves nothing behind after Ctrl-C", async () => {
    const { done } = line.start(["new", "orders", "--directory", at("deep/orders")]);
    line.interrupt();
    const { code, err } = await done;
    expect({ code, err }).toEqual({ code: 130, err: "error: interrupted: nothing was written" });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    "class",
    "test",
    "message",
    "option",
    "import",
    "package",
    "string",
    "stream",
    "unary",
    "buffer",
    "x",
    "a".repeat(40),
  ])("writes a project called %s whose contract has the name that its code imports", async (name) => {
    const { code, err } = await line.rollcall("new", name, "--directory", at(name), "--no-git");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const service = name.slice(0, 1).toUpperCase() + name.slice(1);
    expect(await readFile(at(name, "src/gen", name, `v1/${name}.ts`), "utf8")).toContain(
      `export const ${service}: `,
    );
  });
});
