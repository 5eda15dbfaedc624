import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { EtcdServer } from "@rollcall/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const readme = await readFile(join(root, "README.md"), "utf8");

/** The code blocks that name a file, and the commands, as a reader copies them. */
const files = [...readme.matchAll(/^```\w+ file=(\S+)\n(.*?)^```$/gms)].map(([, path = "", code = ""]) => ({
  path,
  code,
}));
const commands = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
  block.trim().split("\n"),
);

/** Where the tutorial is tried: a folder like its own, with the settings that it has there. */
let folder: string;
const children: ChildProcess[] = [];

function here(text: string): string {
  return text.replaceAll("tutorial/", `${relative(root, folder)}/`);
}

/** The command of the tutorial that begins so, run through the root scripts as written. */
function command(beginning: string): readonly string[] {
  const found = commands.find((each) => each.startsWith(`npx -y pnpm@12 ${beginning}`));
  if (!found) throw new Error(`README has no command "npx -y pnpm@12 ${beginning}..."`);
  return here(found).split(" ");
}

function start(beginning: string, env: NodeJS.ProcessEnv): { child: ChildProcess; output(): string } {
  const [file = "", ...args] = command(beginning);
  let output = "";
  // A process group of its own: Ctrl-C in a terminal reaches every process of the command.
  const child = spawn(file, args, {
    cwd: root,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  children.push(child);
  return { child, output: () => output };
}

function interrupt(child: ChildProcess): void {
  if (child.pid && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGINT");
}

beforeAll(async () => {
  folder = await mkdtemp(join(root, "tutorial-"));
  await cp(join(root, "tutorial/tsconfig.json"), join(folder, "tsconfig.json"));
  for (const { path, code } of files) {
    const target = join(root, here(path));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, code);
  }
  const [file = "", ...args] = command("rollcall generate");
  await run(file, args, { cwd: root });
}, 120_000);

afterAll(async () => {
  for (const child of children) {
    const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
    interrupt(child);
    await gone;
  }
  await rm(folder, { recursive: true, force: true });
}, 60_000);

describe("the README", () => {
  it("has code that compiles under the strictest settings", async () => {
    const tsc = join(root, "node_modules/.bin/tsc");
    await expect(run(tsc, ["-p", folder], { cwd: root })).resolves.toMatchObject({ stdout: "" });
  }, 120_000);

  it("has a tutorial that works word for word: a caller sees no error while a service is stopped", async () => {
    await using etcd = await EtcdServer.start({ port: 0 });
    const env = { ROLLCALL_REGISTRY: etcd.url, ROLLCALL_HOST: "127.0.0.1" };
    const services = [start("ts tutorial/service.ts", env), start("ts tutorial/service.ts", env)];
    await expect
      .poll(() => services.filter(({ output }) => output().includes("serving")).length, { timeout: 60_000 })
      .toBe(2);

    const caller = start("ts tutorial/caller.ts", env);
    const servers = (): string[] =>
      [...caller.output().matchAll(/from (process \d+)/g)].map(([, server = ""]) => server);
    await expect.poll(() => new Set(servers()).size, { timeout: 60_000 }).toBe(2);

    interrupt(services[0]!.child);
    await once(services[0]!.child, "exit");
    const [code] = await once(caller.child, "exit");
    expect(code, caller.output()).toBe(0);
    expect(servers().length).toBe(100);
    expect(new Set(servers().slice(-10)).size).toBe(1);
    expect(services[0]!.output()).toContain("deregistered");
  }, 120_000);
});
