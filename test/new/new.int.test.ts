import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { EtcdServer } from "@rollcall/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holdPort } from "../../packages/testing/src/ports/held-port.js";
import { packPackages } from "../../scripts/pack-packages.js";

// A project from the packages as published, through the commands of its own page. Needs a registry for what Rollcall
// itself depends on.

const timings: string[] = [];
let folder: string;
let machineConfig: NodeJS.ProcessEnv = {};

/** The environment of a user: nothing of the npm or the tests that this runs in, and the Node that it runs on. */
function userEnv(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|rollcall_|vitest|node_options|node_env$|test$)/i.test(name),
  );
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`;
  return { ...Object.fromEntries(own), ...machineConfig, PATH: path, NO_COLOR: "1", ...more };
}

/** npm looks for the machine's settings, its certificates say, beside the Node that it runs on; this one is the project's. */
async function findMachineConfig(): Promise<NodeJS.ProcessEnv> {
  const path = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((entry) => !entry.includes("node_modules"));
  const env = { PATH: path.join(delimiter), HOME: process.env["HOME"] };
  const { stdout } = await promisify(execFile)("npm", ["config", "get", "globalconfig"], { env });
  return { npm_config_globalconfig: stdout.trim() };
}

/** Runs a command as a page has it; fails with all that it said. */
async function sh(command: string, cwd: string, more?: NodeJS.ProcessEnv): Promise<string> {
  const begun = performance.now();
  const options = { cwd, env: userEnv(more), maxBuffer: 16 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)("sh", ["-c", command], options).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} failed:\n${stdout}\n${stderr}`, { cause: error });
  });
  timings.push(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${command}`);
  return stdout;
}

interface Drill {
  readonly receipt: { readonly dropped: number; readonly ok: number };
  readonly problems: readonly string[];
  readonly skipped: readonly object[];
}

async function edit(file: string, before: string, after: string): Promise<void> {
  const text = await readFile(file, "utf8");
  if (!text.includes(before)) throw new Error(`${file} has no ${before}`);
  await writeFile(file, text.replace(before, after));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rollcall-new-"));
  machineConfig = await findMachineConfig();
  const tarballs = await packPackages(join(folder, "packages"));
  await mkdir(join(folder, "cli"));
  const files = tarballs.map(({ filename }) => `../packages/${basename(filename)}`).join(" ");
  await sh(`npm install --no-audit --no-fund --prefix . ${files}`, join(folder, "cli"));
}, 300_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  console.info(timings.join("\n"));
});

describe("a project that npm create makes", () => {
  const project = (): string => join(folder, "orders");

  let created: string;

  beforeAll(async () => {
    created = await sh("cli/node_modules/.bin/create-rollcall orders --packages packages --json", folder);
    await sh("npm install --no-audit --no-fund", project());
    await sh("npm run build", project());
  }, 300_000);

  it("is there with one command", () => {
    expect(JSON.parse(created)).toMatchObject({
      service: "orders.v1.Orders",
      directory: project(),
      installed: false,
      next: ["cd orders", "npm install", "npm run test", "npm run dev"],
    });
  });

  it("installs, and takes nothing of Rollcall from a registry", async () => {
    const lock = await readFile(join(project(), "package-lock.json"), "utf8");
    const { packages } = JSON.parse(lock) as { packages: Record<string, { resolved?: string }> };
    const own = Object.entries(packages).filter(([path]) => path.includes("node_modules/@rollcall/"));
    expect(own.length).toBe(6);
    expect(own.filter(([, { resolved }]) => !resolved?.startsWith("file:vendor/"))).toEqual([]);
  });

  it("passes its own checks untouched", async () => {
    await sh("npm run generate:check", project());
    await sh("npm run lint", project());
    await sh("npx oxfmt --check", project());
    expect(await sh("npm run test", project())).toMatch(/Tests\s+6 passed/);
  }, 300_000);

  it("runs under its own dev, answers its own call, and takes up a change", async () => {
    // Where it says the shared registry is: a port of its own here.
    await using held = await holdPort();
    const { port } = held;
    const env = { ROLLCALL_REGISTRY: `etcd://127.0.0.1:${port}` };
    const dev = spawn("npm", ["run", "dev", "--", `--registry-port=${port}`], {
      cwd: project(),
      env: userEnv(env),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const ended = once(dev, "exit");
    let said = "";
    for (const stream of [dev.stdout, dev.stderr])
      stream.on("data", (text: Buffer) => (said += text.toString()));
    const heard = (text: string): Promise<void> =>
      expect.poll(() => said, { timeout: 60_000 }).toContain(text);
    const phrases = join(project(), "src/phrase-book.ts");
    try {
      await heard("dev serving");
      const call = `npm run --silent call '{"name": "Ada"}'`;
      expect(JSON.parse(await sh(call, project(), env))).toMatchObject({ text: "Hello, Ada" });
      await edit(phrases, '"Hello"', '"Good day"');
      await heard("dev restarted");
      expect(JSON.parse(await sh(call, project(), env))).toMatchObject({ text: "Good day, Ada" });
      expect(await sh("npx rollcall ls --json", project(), env)).toContain("orders.v1.Orders");
    } finally {
      // As a terminal's Ctrl-C: npm gets it too.
      process.kill(-dev.pid!, "SIGINT");
      await ended;
      await edit(phrases, '"Good day"', '"Hello"');
    }
    expect(said).not.toContain("ended with");
  }, 300_000);

  it("loses nothing in its own drill", async () => {
    const manifest = join(project(), "package.json");
    const { scripts } = JSON.parse(await readFile(manifest, "utf8")) as { scripts: { drill: string } };
    expect(scripts.drill).toBe("rollcall drill --rps 500 --streams 50 --for 60s -- node dist/main.js");
    // Shorter and slower: other tests may have left a machine busy.
    const short = "npx rollcall drill --rps 100 --streams 10 --for 12s --json -- node dist/main.js";
    const { receipt, problems, skipped } = JSON.parse(await sh(short, project())) as Drill;
    expect({ dropped: receipt.dropped, problems, skipped }).toEqual({
      dropped: 0,
      problems: [],
      skipped: [],
    });
    expect(receipt.ok).toBeGreaterThan(1_000);
  }, 300_000);

  it("notices when its contract, its code or its behaviour is wrong", async () => {
    const broken = join(folder, "broken");
    await cp(project(), broken, { recursive: true, verbatimSymlinks: true });
    await edit(join(broken, "proto/orders/v1/orders.proto"), "string language = 2", "string tongue = 2");
    await expect(sh("npm run generate:check", broken)).rejects.toThrow("orders/v1/orders.ts: differs");
    const service = join(broken, "src/orders-service.ts");
    await edit(service, "await this.phrases", "this.phrases");
    await expect(sh("npm run lint", broken)).rejects.toThrow("src/orders-service.ts");
    await edit(service, "this.phrases.find", "await this.phrases.find");
    await edit(service, "ctx.draining.throwIfAborted();", "");
    await expect(sh("npm run test", broken)).rejects.toThrow("rollout.test.ts");
  }, 300_000);

  it("runs as its image does, with what production needs alone, and ends in order on SIGTERM", async () => {
    const image = join(folder, "image");
    await mkdir(image);
    await sh(`cp -r package.json package-lock.json vendor dist ${image}`, project());
    // Not `npm ci`, which refuses a lock file from a mirror that has the binaries of its own platform alone.
    await sh("npm install --omit=dev --no-audit --no-fund", image);
    await using etcd = await EtcdServer.start();
    const env = { ROLLCALL_REGISTRY: etcd.url, ROLLCALL_HOST: "127.0.0.1", ROLLCALL_LOG_FORMAT: "json" };
    const dockerfile = await readFile(join(project(), "Dockerfile"), "utf8");
    const [file, ...args] = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? "[]") as [string, ...string[]];
    const service = spawn(file, args, {
      cwd: image,
      env: userEnv(env),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(service, "exit");
    try {
      const lines: string[] = [];
      createInterface({ input: service.stdout }).on("line", (line) => void lines.push(line));
      await expect.poll(() => lines.join("\n"), { timeout: 30_000 }).toContain('"serving"');
      const greetings = await sh("npm run --silent client Ada Grace", project(), env);
      expect(greetings.replaceAll(/\(from .*?\)/g, "()")).toBe("Hello, Ada ()\nHello, Grace ()\n");
      expect(greetings).toContain(`/${service.pid}`);
    } finally {
      service.kill("SIGTERM");
    }
    expect(await ended).toEqual([0, null]);
  }, 300_000);
});

it("makes a project for pnpm that installs from its lock file, builds and passes its tests", async () => {
  const create =
    "cli/node_modules/.bin/rollcall new order-book --packages packages --package-manager pnpm --no-git";
  expect(await sh(create, folder)).toContain("pnpm install");
  const project = join(folder, "order-book");
  const pnpm = "npx -y pnpm@12";
  await sh(`${pnpm} install --no-frozen-lockfile --prefer-offline`, project);
  await sh(`${pnpm} install --frozen-lockfile --prefer-offline`, project);
  await sh(`${pnpm} run build`, project);
  expect(await sh(`${pnpm} run test`, project)).toMatch(/Tests\s+6 passed/);
}, 300_000);
