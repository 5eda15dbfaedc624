import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { ConfigError } from "@rollcall/core";

/**
 * The path of a real etcd, or `undefined` when this machine has none. In this order: the binary that
 * `ROLLCALL_TEST_ETCD` names, `etcd` on `PATH`, the newest one that `scripts/get-etcd` left in its cache.
 * @throws ConfigError when `ROLLCALL_TEST_ETCD` names something that cannot be run.
 */
export function findEtcd(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env["ROLLCALL_TEST_ETCD"];
  if (named) {
    if (isExecutable(named)) return named;
    throw new ConfigError(
      `ROLLCALL_TEST_ETCD is "${named}": not an executable file; name an etcd binary or unset it`,
    );
  }
  return etcdOnPath(env) ?? cached(env).find(isExecutable);
}

/** The path of the `etcd` on `PATH`, if there is one. */
export function etcdOnPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, "etcd")).find(isExecutable);
}

function cached(env: NodeJS.ProcessEnv): string[] {
  const root = env["ROLLCALL_CACHE"] || join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "rollcall");
  const folder = join(root, "etcd");
  const newestFirst = new Intl.Collator("en", { numeric: true });
  try {
    return readdirSync(folder)
      .filter((name) => /^\d/.test(name))
      .toSorted((a, b) => newestFirst.compare(b, a))
      .map((version) => join(folder, version, "etcd"));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
