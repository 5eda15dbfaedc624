import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commandProgram, entryProgram } from "./entry.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "dev-entry-"));
  await mkdir(path.join(folder, "src"));
  for (const name of ["src/main.ts", "src/main.js", "src/notes.txt"])
    await writeFile(path.join(folder, name), "");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("an entry", () => {
  it("is compiled as it is loaded when it is TypeScript, with a loader that the project need not have", () => {
    const { command, sources, wrapped } = entryProgram("src/main.ts", folder);
    expect(command.file).toBeUndefined();
    expect(command.args).toEqual([
      "--enable-source-maps",
      "--import",
      expect.stringMatching(/^file:.*ts-loader/),
      path.join(folder, "src/main.ts"),
    ]);
    expect(sources).toBe(path.join(folder, "src"));
    expect(wrapped).toBe(false);
  });

  it("is run as it is when it is JavaScript", () => {
    const { command } = entryProgram("src/main.js", folder);
    expect(command.args).toEqual(["--enable-source-maps", path.join(folder, "src/main.js")]);
  });

  it.each([
    ["src/mian.ts", /^no file src\/mian\.ts in .*: rollcall dev src\/service\.ts/],
    ["src", /^src is not a file/],
    ["src/notes.txt", /^src\/notes\.txt is neither TypeScript nor JavaScript/],
    ["--import=evil", /^no file --import=evil/],
  ])("is refused when it is %s", (entry, message) => {
    expect(() => entryProgram(entry, folder)).toThrow(message);
  });
});

it("a command is run as it is, and has its sources in src where there is one", () => {
  expect(commandProgram(["npm", "start"], folder)).toEqual({
    name: "npm start",
    command: { file: "npm", args: ["start"], cwd: folder },
    sources: path.join(folder, "src"),
    wrapped: true,
  });
  const src = path.join(folder, "src");
  expect(commandProgram(["./run"], src).sources).toBe(src);
});
