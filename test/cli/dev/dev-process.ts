import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import type { DevEvent } from "../../../packages/cli/src/dev/events.js";

const root = path.resolve(import.meta.dirname, "../../..");
// As built: it starts faster than from sources.
const main = path.join(root, "packages/cli/dist/main.js");
/** Machines that run tests are busy. */
const timeout = 60_000;

type Named<N extends DevEvent["event"]> = Extract<DevEvent, { readonly event: N }>;

/** `rollcall dev --json` in a folder. */
export class DevProcess implements AsyncDisposable {
  readonly events: DevEvent[] = [];
  /** Of itself and of the service. */
  output = "";
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;

  constructor(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [main, "dev", "--json", "--start-timeout=60s", ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    createInterface({ input: this.child.stdout! }).on(
      "line",
      (line) => void this.events.push(JSON.parse(line) as DevEvent),
    );
    this.child.stderr!.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.exit = new Promise((resolve) => this.child.once("exit", resolve));
  }

  all<N extends DevEvent["event"]>(name: N): Named<N>[] {
    return this.events.filter((each): each is Named<N> => each.event === name);
  }

  /** Waits for the event of this name that follows `after` others of it. */
  async event<N extends DevEvent["event"]>(name: N, after = 0): Promise<Named<N>> {
    await expect
      .poll(() => this.all(name).length > after || this.child.exitCode !== null, {
        timeout,
        message: `no event ${name} after ${after}`,
      })
      .toBe(true);
    const event = this.all(name)[after];
    if (!event) throw new Error(`it ended without ${name}: ${JSON.stringify(this.events)}\n${this.output}`);
    return event;
  }

  /** What is done, and the restart that follows. */
  async restartBy(change: () => Promise<void>): Promise<Named<"restarted">> {
    const before = this.all("restarted").length;
    await change();
    return await this.event("restarted", before);
  }

  /** Ctrl-C; resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.child.kill("SIGINT");
    return await this.exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.stop();
  }
}

/** An orphan that has ended stays in the table until its new parent asks for its code. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync("/proc/self") || !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
