import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

const root = path.join(import.meta.dirname, "..");
const tsc = path.join(root, "node_modules/typescript/bin/tsc");
/** What the processes of tests are made of, and, by their references, all packages. */
const programs = ["packages/cli", "examples/canary", "examples/hello", "examples/rolling-restart", "bench"];

/** Before all tests: processes that tests start run what is built, which is not to be older than its sources. */
export default async function build(): Promise<void> {
  await promisify(execFile)(process.execPath, [tsc, "-b", ...programs], { cwd: root }).catch(
    (error: { stdout: string }) => {
      throw new Error(`the packages do not build:\n${error.stdout}`);
    },
  );
}
