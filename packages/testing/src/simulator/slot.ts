import type { Release } from "./canary/release.js";
import type { Environment, ServerOptions } from "./environment.js";
import { ServerProcess, type ProcessState } from "./server-process.js";
import { Timeline } from "./timeline.js";

/** One instance of the fleet, whatever process it is at the moment. */
export class Slot {
  readonly name: string;
  /** When it could be called. */
  readonly served: Timeline = new Timeline();
  readonly killed: Timeline = new Timeline();
  readonly hung: Timeline = new Timeline();
  /** Scaled away: whoever restarts it meanwhile leaves it stopped. */
  retired = false;
  /** What its next process runs. */
  release: Release;
  readonly #env: Environment;
  readonly #options: ServerOptions;
  readonly #host: string;
  #process: ServerProcess | undefined;
  #runs = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(
    env: Environment,
    options: ServerOptions,
    at: { readonly name: string; readonly host: string; readonly release: Release },
  ) {
    this.#env = env;
    this.#options = options;
    this.name = at.name;
    this.release = at.release;
    this.#host = at.host;
  }

  get process(): ServerProcess | undefined {
    return this.#process;
  }

  get alive(): boolean {
    const state = this.#process?.state;
    return state === "starting" || state === "serving" || state === "stopping";
  }

  /** Starts a process unless one runs or stops; after what was asked before. */
  start(): Promise<void> {
    return this.#next(async () => {
      if (this.alive || this.retired) return;
      const at = { name: this.name, host: this.#host, run: ++this.#runs, release: this.release };
      const process = new ServerProcess(this.#env, this.#options, at, (state) =>
        this.#changed(process, state),
      );
      this.#process = process;
      process.start();
    });
  }

  stop(): Promise<void> {
    return this.#next(async () => this.#process?.stop());
  }

  kill(): void {
    this.#process?.kill();
  }

  hang(ms: number): void {
    this.#process?.hang(ms);
  }

  #next(step: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(step);
    return this.#tail;
  }

  #changed(process: ServerProcess, state: ProcessState): void {
    const nowMs = this.#env.clock.now();
    const serves = state === "serving" && !process.hanging;
    if (serves) this.served.begin(nowMs);
    else this.served.end(nowMs);
    if (process.hanging) this.hung.begin(nowMs);
    else this.hung.end(nowMs);
    if (state === "killed") {
      this.killed.begin(nowMs);
      this.killed.end(nowMs);
    }
  }
}
