import { spawn, type ChildProcess, type Serializable } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LogRing } from "./log-ring.js";
import { endGroupWithParent, endWithParentArgs, ownChild } from "./orphans.js";
import { untilGroupGone } from "./process-group.js";

/** How to start a process. */
export interface ProcessCommand {
  /** Default: this process' Node. */
  readonly file?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** Added to this process' environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
}

/** What a process is called and what is kept of its output. */
export interface ProcessOptions {
  /** For messages; default the name of the script. */
  readonly name?: string | undefined;
  /** Lines of output kept. Default 500. */
  readonly logLines?: number | undefined;
  /** A file that all output is appended to. */
  readonly logFile?: string | undefined;
  /**
   * Descriptors of this process that its standard output and error are, so that it sees a terminal where this process does.
   * No lines are kept then. Default: none.
   */
  readonly output?: readonly [stdout: number, stderr: number] | undefined;
  /**
   * What becomes of what it started and left behind when it ends, asked to: `kill`, as in a container, or `drain`: SIGTERM,
   * and `exit` waits for it too. For commands such as `npm start`, whose shell ends without telling the service. Default
   * `kill`.
   */
  readonly rest?: "kill" | "drain" | undefined;
}

/** How a process ended: one of the two is set. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * - `starting`: no `serving` message yet;
 * - `serving`: it said so;
 * - `stopping`: it was told to end, by us;
 * - `stopped`: it said that it serves no more;
 * - `exited`.
 */
export type ProcessState = "starting" | "serving" | "stopping" | "stopped" | "exited";

/** What a service tells its parent over IPC when it is registered and visible. */
export interface ServingMessage {
  readonly rollcall: "serving";
  /** The id it is registered under; left out, the address. */
  readonly instance: string;
  /** `host:port`. */
  readonly address: string;
}

/** A real process with captured output (unless told otherwise) and an IPC channel (JSON), in a process group of its own: Ctrl-C is the parent's. */
export class FleetProcess implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended and its output has been read; never rejects. */
  readonly exit: Promise<Exit>;
  private readonly log: LogRing;
  private readonly listeners = new Set<(message: unknown) => void>();
  private now: ProcessState = "starting";
  private said: ServingMessage | undefined;
  private ended: Exit | undefined;
  /** Somebody asked it to end, and did not force it. */
  private asked = false;
  /** Nothing of it is left. */
  private gone = false;

  private constructor(
    private readonly child: ChildProcess & { readonly pid: number },
    options: ProcessOptions & { readonly name: string },
  ) {
    this.name = options.name;
    this.pid = child.pid;
    this.log = new LogRing(options.logLines ?? 500, options.logFile);
    if (child.stdout) this.log.follow(child.stdout);
    if (child.stderr) this.log.follow(child.stderr);
    child.on("message", (message) => this.heard(message));
    this.exit = this.untilExit(options.rest ?? "kill");
  }

  /** Starts it. Rejects when the file cannot be run. */
  static async start(command: ProcessCommand, options: ProcessOptions = {}): Promise<FleetProcess> {
    const file = command.file ?? process.execPath;
    const args = command.args ?? [];
    const isNode = file === process.execPath;
    const child = spawn(file, isNode ? [...endWithParentArgs, ...args] : args, {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ["ignore", ...(options.output ?? (["pipe", "pipe"] as const)), "ipc"],
      detached: true,
    });
    ownChild(child, { group: options.rest === "drain" });
    if (!isNode) endGroupWithParent(child);
    // Signals that come too late; without a listener they would end this process.
    child.on("error", () => {});
    await new Promise((resolve, reject) =>
      child.once("spawn", () => resolve(undefined)).once("error", reject),
    );
    const name = options.name ?? basename(args.find((each) => !each.startsWith("-")) ?? file);
    return new FleetProcess(child as ChildProcess & { pid: number }, { ...options, name });
  }

  get state(): ProcessState {
    return this.now;
  }

  /** What is known of it since it began to serve. */
  get serving(): ServingMessage | undefined {
    return this.said;
  }

  /** The last lines of its output, oldest first. */
  get logs(): readonly string[] {
    return this.log.lines;
  }

  /** Calls the listener with each IPC message. Returns its removal. */
  onMessage(listener: (message: unknown) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Sends an IPC message; to a process that has gone it is lost. */
  send(message: Serializable): void {
    if (this.child.connected) this.child.send(message, () => {});
  }

  /** Resolves with the first message that `accept` takes; rejects with its last output when it ends first, or after `timeoutMs`. */
  message<T>(accept: (message: unknown) => T | undefined, what: string, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(`no ${what} within ${timeoutMs} ms`), timeoutMs);
      const remove = this.onMessage((message) => {
        const accepted = accept(message);
        if (accepted === undefined) return;
        clearTimeout(timer);
        remove();
        resolve(accepted);
      });
      const fail = (why: string): void => {
        clearTimeout(timer);
        remove();
        reject(new Error(this.explain(why)));
      };
      void this.exit.then((exit) => fail(`ended with ${exitText(exit)} before its ${what}`));
    });
  }

  /** Resolves when it serves. Rejects with its last output when it ends first, or after `timeoutMs`. */
  async untilServing(timeoutMs: number): Promise<ServingMessage> {
    return this.said ?? (await this.message(asServing, "serving message", timeoutMs));
  }

  /** For a parent that learns by other means than IPC that it serves. */
  nowServes(serving: ServingMessage): void {
    this.said = serving;
    if (this.now === "starting") this.now = "serving";
  }

  /**
   * Sends a signal. What a process can handle goes to it alone, as a container's first process gets it; SIGKILL, SIGSTOP
   * and SIGCONT go to what it has started too. False when it has gone.
   */
  signal(signal: NodeJS.Signals): boolean {
    if (this.ended) return !this.gone && groupSignals.has(signal) && signalGroup(this.pid, signal);
    if (signal === "SIGTERM" || signal === "SIGINT") this.asked = true;
    if (signal === "SIGTERM" || signal === "SIGINT" || signal === "SIGKILL") this.now = "stopping";
    return groupSignals.has(signal) ? signalGroup(this.pid, signal) : this.child.kill(signal);
  }

  /**
   * Asks it to end with SIGTERM and waits; SIGKILL after `timeoutMs`, default 35 s: a service's whole grace period.
   * A process that was stopped by SIGSTOP goes on first.
   */
  async stop(timeoutMs = 35_000): Promise<Exit> {
    this.signal("SIGTERM");
    this.signal("SIGCONT");
    const timer = setTimeout(() => this.signal("SIGKILL"), timeoutMs);
    try {
      return await this.exit;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it with SIGKILL. */
  async kill(): Promise<Exit> {
    this.signal("SIGKILL");
    return await this.exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(5000);
  }

  private untilExit(rest: "kill" | "drain"): Promise<Exit> {
    return new Promise((resolve) => {
      this.child.once("exit", (code, signal) => {
        this.now = "exited";
        this.ended = { code, signal };
        // As in a container, what it started does not outlive it.
        const drains = rest === "drain" && this.asked && signal !== "SIGKILL";
        signalGroup(this.pid, drains ? "SIGTERM" : "SIGKILL");
        // A grandchild may hold the pipes open for ever.
        const read = Promise.race([once(this.child, "close"), sleep(1000, undefined, { ref: false })]);
        void Promise.all([read, drains && untilGroupGone(this.pid)]).then(async () => {
          this.gone = true;
          await this.log.close();
          resolve({ code, signal });
        });
      });
    });
  }

  private heard(message: unknown): void {
    const serving = asServing(message);
    if (serving) {
      // Its parent may have learned more by other means.
      if (!this.said) this.nowServes(serving);
    } else if (isKind(message, "stopped")) {
      this.now = "stopped";
    }
    for (const listener of this.listeners) listener(message);
  }

  private explain(why: string): string {
    const lines = this.logs.slice(-20);
    const output = lines.length === 0 ? "it wrote nothing" : `its last output:\n${lines.join("\n")}`;
    return `${this.name} (pid ${this.pid}) ${why}; ${output}`;
  }
}

const groupSignals: ReadonlySet<NodeJS.Signals> = new Set(["SIGKILL", "SIGSTOP", "SIGCONT"]);

/** False when nobody is left in the group. */
function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}

/** Whether an IPC message is `{ rollcall: kind, ... }`. */
export function isKind(message: unknown, kind: string): message is { readonly rollcall: string } {
  return (
    typeof message === "object" && message !== null && "rollcall" in message && message.rollcall === kind
  );
}

/** `code 1` or `SIGKILL`. */
export function exitText({ code, signal }: Exit): string {
  return signal ?? `code ${code}`;
}

function asServing(message: unknown): ServingMessage | undefined {
  if (!isKind(message, "serving")) return undefined;
  const { address, instance } = message as { address?: unknown; instance?: unknown };
  if (typeof address !== "string") return undefined;
  return { rollcall: "serving", address, instance: typeof instance === "string" ? instance : address };
}
