import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const cli = fileURLToPath(new URL("main.js", import.meta.resolve("@rollcall/cli")));

/** Runs `rollcall` as a terminal would; resolves with what it prints, rejects with what it says when it fails. */
export async function rollcall(registry: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], {
    env: { ...process.env, ROLLCALL_REGISTRY: registry, NO_COLOR: "1" },
  });
  return stdout;
}
