import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { InteropServer } from "./interop-server.js";

type Said = Readonly<Record<string, unknown>>;

/** The Go program at work: it says lines of JSON and obeys the lines of its standard input. */
export class GoProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  constructor(binary: string, args: readonly string[]) {
    const child = spawn(binary, args, { stdio: ["pipe", "pipe", "pipe"] });
    child.stderr.on("data", (chunk: Buffer) => (this.#errors += chunk.toString()));
    child.stdin.on("error", () => {});
    this.#child = child;
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  /** The next thing it says. */
  async said(): Promise<Said> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`the Go program ended: ${this.#errors.trim()}`);
    return JSON.parse(value) as Said;
  }

  /** Has it do something; resolves with what it says when it is done. */
  async order(what: string): Promise<Said> {
    this.#child.stdin?.write(`${what}\n`);
    return await this.said();
  }

  /** Ends its standard input. */
  end(): void {
    this.#child.stdin?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.end();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 2_000);
    await exit;
    clearTimeout(late);
  }
}

/** grpc.testing.TestService on grpc-go. */
export interface GoServer extends InteropServer {
  /** `register`, `leave`, `drain` (leave, then GracefulStop), `stop` (GracefulStop at once). */
  order(what: "register" | "leave" | "drain" | "stop"): Promise<void>;
}

/** @param args `-etcd`, `-address`, `-cert` and `-key` */
export async function startGoServer(binary: string, args: readonly string[] = []): Promise<GoServer> {
  const go = new GoProcess(binary, ["serve", ...args]);
  const { listening } = await go.said();
  return {
    address: String(listening),
    async order(what) {
      await go.order(what);
    },
    [Symbol.asyncDispose]: () => go[Symbol.asyncDispose](),
  };
}

/** Runs one of grpc-go's own cases against a server. */
export async function runGoCase(binary: string, name: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(binary, ["case", "-name", name, ...args]);
}
