import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** As it would run in production. */
const env = { ...process.env, NODE_ENV: "production" };

/** What a process is told to do, and with what. */
export interface AnyOrder {
  readonly do: string;
  readonly [field: string]: unknown;
}

interface Told {
  readonly answer?: unknown;
}

/** A process of the benchmark: it gets orders one at a time, and answers each. */
export class Side implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #send: (order: AnyOrder) => void;
  readonly #ended: Promise<never>;
  #answered: ((told: Told) => void) | undefined;

  private constructor(name: string, child: ChildProcess, send: (order: AnyOrder) => void) {
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

  /** A process of Node, told over its channel: a script that calls `answer`. */
  static node(name: string, script: URL, flags: readonly string[] = []): Side {
    const child = fork(script, {
      env,
      execArgv: [...process.execArgv, ...flags],
      // What is printed on standard output is the benchmark's alone.
      stdio: ["ignore", 2, 2, "ipc"],
    });
    const side = new Side(name, child, (order) => child.connected && child.send(order));
    // What apps announce to whoever forked them comes this way too.
    child.on("message", (told: object) => "answer" in told && side.#answered?.(told));
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
  async tell<T>(order: AnyOrder, signal?: AbortSignal): Promise<T> {
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

  /** Sends it a signal; resolves when it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    await ended;
  }
}
