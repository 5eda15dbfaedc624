import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { peersFolder } from "./folder.js";

const lockFile = join(peersFolder, "package-lock.json");
const stampFile = join(peersFolder, "node_modules/.bench-lock.json");

/**
 * Installs what `bench/peers` depends on, unless that was done for the same lock file, and builds the peers.
 * @throws Error when one of the two does not work, with what to do
 */
export async function installPeers(say: (line: string) => void, signal?: AbortSignal): Promise<void> {
  const lock = readFileSync(lockFile, "utf8");
  if (lock !== contentsOf(stampFile)) {
    say("installing the peers, once: npm ci --prefix bench/peers (--kinds lane,plain leaves them out)");
    // They have no install scripts that anything here needs.
    await run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], signal);
    writeFileSync(stampFile, lock);
  }
  await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], signal);
}

function contentsOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

async function run(command: string, args: readonly string[], signal?: AbortSignal): Promise<void> {
  const child = spawn(command, args, { cwd: peersFolder, stdio: ["ignore", 2, 2], signal });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0)
    throw new Error(`${command} ${args.join(" ")} in bench/peers ended with ${code}: see above`);
}
