import { spawn } from "node:child_process";
import { once } from "node:events";
import { ExitCode, ExitError } from "../exit-code.js";
import type { PackageManager } from "./package-manager.js";

/**
 * Installs a project's packages; what the package manager says goes to standard error.
 * @throws ExitError when it fails; the project is complete all the same
 */
export async function install(directory: string, { install: command }: PackageManager): Promise<void> {
  const [file = "", ...args] = command.split(" ");
  const child = spawn(file, args, {
    cwd: directory,
    stdio: ["ignore", process.stderr, process.stderr],
    // Package managers are scripts there.
    shell: process.platform === "win32",
  });
  const [code, signal] = (await once(child, "exit").catch((error: NodeJS.ErrnoException) => [
    error.code ?? error.message,
    null,
  ])) as [number | string | null, NodeJS.Signals | null];
  if (code === 0) return;
  throw new ExitError(
    signal === "SIGINT" ? ExitCode.interrupted : ExitCode.failed,
    `${command} ended with ${signal ?? code}; the project is complete in ${directory}: run it again there`,
  );
}
