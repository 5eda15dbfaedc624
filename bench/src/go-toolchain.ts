import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A program, or why there is none here. */
export type GoProgram = { readonly binary: string } | { readonly missing: string };

/** What to build. */
export interface GoMain {
  /** The folder of its go.mod. */
  readonly folder: string;
  /** Default: the package in that folder. */
  readonly main?: string | undefined;
  /** Where the program goes. */
  readonly output: string;
}

/** The path of `go` on `PATH`, else where its own installer puts it. */
export function findGo(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env["PATH"] ?? "").split(delimiter).filter(Boolean), "/usr/local/go/bin"];
  return folders.map((folder) => join(folder, "go")).find(isExecutable);
}

/**
 * Builds a program; Go's own cache makes the second time short. Without Go, with one older than the module wants, or without
 * its dependencies and a way to get them, there is none.
 * @throws Error when it does not compile
 */
export async function buildGo({ folder, main = ".", output }: GoMain): Promise<GoProgram> {
  const go = findGo();
  if (go === undefined) return { missing: "no go on PATH or in /usr/local/go/bin" };
  // The Go at hand, whatever a go.mod would like to download.
  const options = { cwd: folder, env: { ...process.env, GOTOOLCHAIN: "local", CGO_ENABLED: "0" } };
  try {
    await run(go, ["mod", "download"], options);
  } catch (error) {
    return { missing: `go mod download: ${textOf(error)}` };
  }
  mkdirSync(dirname(output), { recursive: true });
  await run(go, ["build", "-trimpath", "-o", output, main], options);
  return { binary: output };
}

function textOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split("\n").at(-1) ?? "";
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
