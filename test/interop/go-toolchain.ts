import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const folderOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A program, or why there is none here. */
export type GoProgram = { readonly binary: string } | { readonly missing: string };

/** The path of `go` on `PATH`, else where its own installer puts it. */
export function findGo(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env["PATH"] ?? "").split(delimiter).filter(Boolean), "/usr/local/go/bin"];
  return folders.map((folder) => join(folder, "go")).find(isExecutable);
}

/** The program of test/interop/go. */
export const buildGoPeer = (): Promise<GoProgram> => build("go", ".", "peer");

/** grpcurl, as test/interop/grpcurl/go.mod pins it. */
export const buildGrpcurl = (): Promise<GoProgram> =>
  build("grpcurl", "github.com/fullstorydev/grpcurl/cmd/grpcurl", "grpcurl");

/**
 * Builds a program; Go's own cache makes the second time short. Without Go, with one too old, or without the modules and a
 * way to get them, there is none.
 * @throws Error when it does not compile
 */
async function build(module: string, main: string, name: string): Promise<GoProgram> {
  const go = findGo();
  if (go === undefined) return { missing: "no go on PATH or in /usr/local/go/bin" };
  // The Go at hand, whatever a go.mod would like to download.
  const output = folderOf(`../../.cache/interop/${name}`);
  const options = { cwd: folderOf(module), env: { ...process.env, GOTOOLCHAIN: "local", CGO_ENABLED: "0" } };
  try {
    await run(go, ["mod", "download"], options);
  } catch (error) {
    return { missing: `go mod download: ${textOf(error)}` };
  }
  mkdirSync(join(output, ".."), { recursive: true });
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
