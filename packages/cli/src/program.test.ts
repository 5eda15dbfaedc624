import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { scratch } from "./generate/fixtures/scratch.js";
import { run } from "./program.js";

const ping = 'syntax = "proto3";\nmessage Ping {}\n';

async function rollcall(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(args, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    color: false,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("rollcall generate", () => {
  it("writes modules and says how many", async () => {
    await using directory = await scratch({ "p/ping.proto": ping });
    const gen = path.join(directory.path, "gen");
    const args = ["generate", path.join(directory.path, "p/ping.proto"), "--out", gen] as const;
    expect(await rollcall(...args)).toEqual({ code: 0, out: `1 module in ${gen}, 1 written`, err: "" });
    expect(await rollcall(...args)).toEqual({ code: 0, out: `1 module in ${gen}, 0 written`, err: "" });
  });

  it("exits 1 with --check when a module is out of date, and 0 when none is", async () => {
    await using directory = await scratch({
      "p/ping.proto": ping,
      "p/pong.proto": ping.replace("Ping", "Pong"),
    });
    const gen = path.join(directory.path, "gen");
    const args = ["generate", path.join(directory.path, "p"), "--out", gen] as const;
    await rollcall(...args);
    expect(await rollcall(...args, "--check")).toMatchObject({ code: 0 });
    await writeFile(path.join(gen, "ping.ts"), "edited");
    const { code, err } = await rollcall(...args, "--check");
    expect(code).toBe(1);
    expect(err).toBe(`${gen}/ping.ts: differs\nrun the same command without --check to update`);
    const json = await rollcall(...args, "--check", "--json");
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toEqual({
      out: gen,
      modules: ["ping.ts", "pong.ts"],
      missing: [],
      changed: ["ping.ts"],
    });
    expect(JSON.parse((await rollcall(...args, "--json")).out)).toMatchObject({ changed: ["ping.ts"] });
  });

  it("exits 1 with the place and the reason for an invalid proto", async () => {
    await using directory = await scratch({ "p/ping.proto": `${ping}message Pong { Pinng ping = 1; }\n` });
    const proto = path.join(directory.path, "p/ping.proto");
    const { code, out, err } = await rollcall("generate", proto, "-o", path.join(directory.path, "gen"));
    const shown = path.relative(process.cwd(), proto);
    expect({ code, out, err }).toEqual({ code: 1, out: "", err: `${shown}:3:16: unknown type "Pinng"` });
  });

  it("takes --proto-path more than once, and --import-from", async () => {
    await using directory = await scratch({
      "p/a.proto": 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }',
      "q/b.proto": 'syntax = "proto3"; message B {}',
    });
    const [p = "", q = "", gen = ""] = ["p", "q", "gen"].map((name) => path.join(directory.path, name));
    const { code } = await rollcall(
      "generate",
      "a.proto",
      "-I",
      p,
      "--proto-path",
      q,
      "-o",
      gen,
      "--import-from",
      "x",
    );
    expect(code).toBe(0);
    expect(await readFile(path.join(gen, "a.ts"), "utf8")).toContain('from "x";');
  });
});

describe("rollcall", () => {
  it("exits 2 for wrong arguments and says what is wrong", async () => {
    expect(await rollcall("genrate")).toMatchObject({
      code: 2,
      err: expect.stringContaining("Did you mean generate?"),
    });
    expect(await rollcall("generate", "x.proto")).toMatchObject({
      code: 2,
      err: expect.stringContaining("--out"),
    });
    expect(await rollcall("generate", "none.proto", "-o", "x")).toMatchObject({
      code: 2,
      err: "error: no proto none.proto",
    });
    expect(await rollcall()).toMatchObject({ code: 2, err: expect.stringContaining("Usage: rollcall") });
  });

  it("shows help with examples and exit codes", async () => {
    const { code, out } = await rollcall("generate", "--help");
    expect(code).toBe(0);
    expect(out).toContain("Examples:");
    expect(out).toContain("Exit codes:");
    expect(await rollcall("--version")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  it("colours only a terminal's errors", async () => {
    const err: string[] = [];
    await run(["generate", "none.proto", "-o", "x"], {
      out: () => {},
      err: (line) => err.push(line),
      color: true,
    });
    expect(err.join("")).toContain("\u001b[31merror:\u001b[39m no proto");
  });
});
