import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rollcallMain } from "../programs.js";

/** What a process of `rollcall` left behind. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `rollcall` as a process of its own, against one registry. */
export class RollcallProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  out = "";
  err = "";

  constructor(registry: string, args: readonly string[]) {
    const env = { ...process.env, ROLLCALL_REGISTRY: registry, NO_COLOR: "1" };
    this.child = spawn(process.execPath, [rollcallMain, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout?.on("data", (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr?.on("data", (chunk: Buffer) => (this.err += chunk.toString()));
    this.ended = once(this.child, "close").then(([code]) => ({
      code: code as number | null,
      out: this.out,
      err: this.err,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.ended;
  }
}

/** Runs `rollcall` to its end. */
export async function rollcall(registry: string, ...args: readonly string[]): Promise<Ended> {
  await using run = new RollcallProcess(registry, args);
  return await run.ended;
}
