import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import type { Order } from "./messages.js";

/** As it would run in production. */
const env = { ...process.env, NODE_ENV: "production" };

interface Told {
  readonly answer?: unknown;
}

/** A process of the benchmark: it gets orders one at a time, and answers each. */
export class Side implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #send: (order: Order) => void;
  readonly #ended: Promise<never>;
  #answered: ((told: Told) => void) | undefined;

  private constructor(name: string, child: ChildProcess, send: (order: Order) => void) {
    this.#name = name;
    this.#child = child;
    this.#send = send;
    this.#ended = new Promise((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) =>
        reject(new Error(`${name} ended with ${signal ?? `exit code ${code}`}: see above`)),
      );
    });
    // Whoever tells it something hears of it.
    this.#ended.catch(() => {});
  }

  /** A process of Node, told over its channel. */
  static node(name: string): Side {
    const child = fork(new URL(`process${extname(import.meta.url)}`, import.meta.url), {
      env,
      // What is printed on standard output is the benchmark's alone.
      stdio: ["ignore", 2, 2, "ipc"],
    });
    const side = new Side(name, child, (order) => child.connected && child.send(order));
    child.on("message", (told: Told) => side.#answered?.(told));
    return side;
  }

  /** A program, told in lines of JSON. */
  static program(name: string, binary: string): Side {
    // In a group of its own, which Ctrl-C does not reach.
    const child = spawn(binary, { env, stdio: ["pipe", "pipe", "inherit"], detached: true });
    const side = new Side(name, child, (order) => child.stdin.write(`${JSON.stringify(order)}\n`));
    child.stdin.on("error", () => {}); // It has ended, which is known.
    createInterface(child.stdout).on("line", (line) => side.#answered?.(JSON.parse(line) as Told));
    return side;
  }

  /** @throws Error when it ends instead, or what the signal says */
  async tell<T>(order: Order, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const over = Promise.withResolvers<Told>();
    const abort = (): void => over.reject(signal?.reason as Error);
    signal?.addEventListener("abort", abort);
    this.#answered = over.resolve;
    try {
      this.#send(order);
      return (await Promise.race([over.promise, this.#ended])).answer as T;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Lets it close what it has; one that takes more than 2 s, or is busy, is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined)
      return;
    const ended = once(this.#child, "exit");
    this.#send({ do: "stop" });
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 2_000);
    await ended;
    clearTimeout(late);
  }

  get name(): string {
    return this.#name;
  }
}
