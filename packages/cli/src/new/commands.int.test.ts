import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { initRepository } from "./git.js";
import { install } from "./install.js";
import { packageManagerFor } from "./package-manager.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rollcall-new-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("installing a new project", () => {
  const npm = packageManagerFor("npm", {});

  it("runs the command in the project's folder", async () => {
    await install(folder, { ...npm, install: "mkdir installed" });
    expect(await readdir(folder)).toEqual(["installed"]);
  });

  it("says what failed, and that the project is there", async () => {
    await expect(install(folder, { ...npm, install: "mkdir a/b/c" })).rejects.toMatchObject({
      exitCode: 1,
      message: `mkdir a/b/c ended with 1; the project is complete in ${folder}: run it again there`,
    });
  });

  it("says that there is no such package manager", async () => {
    const missing = install(folder, { ...npm, install: "no-such-manager install" });
    await expect(missing).rejects.toThrow(
      "no-such-manager install ended with ENOENT; the project is complete",
    );
  });
});

describe("the repository of a new project", () => {
  it("is made once, and not inside of another", async () => {
    expect(await initRepository(folder)).toBe("made");
    const { stdout } = await promisify(execFile)("git", ["symbolic-ref", "HEAD"], { cwd: folder });
    expect(stdout).toBe("refs/heads/main\n");
    await mkdir(path.join(folder, "packages"));
    expect(await initRepository(path.join(folder, "packages"))).toBe("present");
    expect(await readdir(path.join(folder, "packages"))).toEqual([]);
  });

  it("is left out where git cannot make it", async () => {
    expect(await initRepository(path.join(folder, "nowhere"))).toBe("none");
  });
});
