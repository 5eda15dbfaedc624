import { processEnv } from "../../packages/cli/src/cli-env.js";
import { run } from "../../packages/cli/src/program.js";
import type { Ended } from "./rollcall-process.js";

/** Runs `rollcall` to its end inside this process, with what a process of its own would have. */
export async function rollcallHere(registry: string, ...args: readonly string[]): Promise<Ended> {
  let [out, err] = ["", ""];
  const terminal = {
    out: (line: string) => void (out += `${line}\n`),
    err: (line: string) => void (err += `${line}\n`),
    color: false,
  };
  const code = await run(args, terminal, { ...processEnv(), variables: { ROLLCALL_REGISTRY: registry } });
  return { code, out, err };
}
