import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ExitError } from "../exit-code.js";
import { stageFolder } from "./staged-folder.js";

const never = new AbortController().signal;
let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), "rollcall-staged-"));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function fill(folder: string): Promise<void> {
  await mkdir(path.join(folder, "src"));
  await writeFile(path.join(folder, "src/a.ts"), "a");
  await writeFile(path.join(folder, "b.txt"), "b");
}

it("makes a folder, and those above it", async () => {
  await stageFolder(path.join(parent, "x/y/orders"), never, fill);
  expect(await readdir(path.join(parent, "x/y"))).toEqual(["orders"]);
  expect((await readdir(path.join(parent, "x/y/orders"))).toSorted()).toEqual(["b.txt", "src"]);
  expect(await readFile(path.join(parent, "x/y/orders/src/a.ts"), "utf8")).toBe("a");
});

it("fills an empty folder and an empty clone", async () => {
  await mkdir(path.join(parent, ".git"));
  await stageFolder(parent, never, fill);
  expect((await readdir(parent)).toSorted()).toEqual([".git", "b.txt", "src"]);
});

it("names what is in the way, and touches none of it", async () => {
  for (const name of ["a", "b", "c", "d", "e", "f", ".env"]) await writeFile(path.join(parent, name), "mine");
  const staged = stageFolder(parent, never, fill);
  await expect(staged).rejects.toThrow(
    `${parent} is not empty: it has .env, a, b, c, d, 2 more; choose another name`,
  );
  expect((await readdir(parent)).length).toBe(7);
});

it.each(["orders", "orders/below"])("says when %s is in the way as a file", async (name) => {
  await writeFile(path.join(parent, "orders"), "mine");
  const staged = stageFolder(path.join(parent, name), never, fill);
  await expect(staged).rejects.toThrow("or a part of its path, is a file");
  expect(await readFile(path.join(parent, "orders"), "utf8")).toBe("mine");
});

it("leaves nothing behind when it fails half-way", async () => {
  const half = async (folder: string): Promise<void> => {
    await fill(folder);
    throw new Error("the generator failed");
  };
  await expect(stageFolder(path.join(parent, "new/orders"), never, half)).rejects.toThrow(
    "the generator failed",
  );
  expect(await readdir(parent)).toEqual([]);
  await mkdir(path.join(parent, "empty"));
  await expect(stageFolder(path.join(parent, "empty"), never, half)).rejects.toThrow("the generator failed");
  expect(await readdir(path.join(parent, "empty"))).toEqual([]);
});

it("leaves nothing behind when it is interrupted", async () => {
  const controller = new AbortController();
  const slow = async (folder: string): Promise<void> => {
    await fill(folder);
    controller.abort(new ExitError(130, "interrupted"));
  };
  await expect(stageFolder(path.join(parent, "orders"), controller.signal, slow)).rejects.toThrow(
    "interrupted",
  );
  expect(await readdir(parent)).toEqual([]);
});

it("takes back what it moved when something appears in the way", async () => {
  const race = async (folder: string): Promise<void> => {
    await fill(folder);
    await mkdir(path.join(parent, "src"));
    await writeFile(path.join(parent, "src/theirs.ts"), "theirs");
  };
  await expect(stageFolder(parent, never, race)).rejects.toThrow(ExitError);
  expect(await readdir(parent)).toEqual(["src"]);
  expect(await readdir(path.join(parent, "src"))).toEqual(["theirs.ts"]);
});

it("names the folder that was asked for when the one on the way cannot be written", async () => {
  const full = (folder: string): Promise<never> =>
    Promise.reject(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC", path: folder }));
  const staged = stageFolder(path.join(parent, "orders"), never, full);
  await expect(staged).rejects.toThrow(`cannot write ${path.join(parent, "orders")}: no space is left`);
});

it("ends where no folder can be made, too", async () => {
  const staged = stageFolder("/proc/rollcall/orders", never, fill);
  await expect(staged).rejects.toThrow(/^cannot write \/proc\/rollcall: /);
});

it("says where it has no permission, and why", async () => {
  const refused = Object.assign(new Error("EACCES: permission denied"), {
    code: "EACCES",
    path: "/srv/orders",
  });
  const staged = stageFolder(path.join(parent, "orders"), never, () => Promise.reject(refused));
  await expect(staged).rejects.toThrow(new ExitError(1, "cannot write /srv/orders: no permission"));
});
