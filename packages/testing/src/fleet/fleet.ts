import { join } from "node:path";
import { type HeldPort, holdPort } from "../ports/held-port.js";
import { FleetProcess, exitText, type Exit, type ProcessCommand, type ServingMessage } from "./process.js";

/** What a member's process is started with. */
export interface MemberStart {
  /** 0 for the first member; stays with it over restarts. */
  readonly index: number;
  /** 0 for its first process, 1 after one restart. */
  readonly run: number;
  /**
   * Where it may listen: nobody else gets it while the member lasts, so it is free for the next process too. Over restarts
   * the same unless a new one is asked for. Whoever listens on port 0 instead may find its port taken when it comes back.
   */
  readonly port: number;
}

/** How many processes, what each of them runs, and how long they may take. */
export interface FleetOptions {
  readonly size: number;
  command(start: MemberStart): ProcessCommand;
  /** For messages and log files: `orders` gives `orders-0`. Default `service`. */
  readonly name?: string | undefined;
  /** From the start of a process to its `serving` message. Default 20 s. */
  readonly readyTimeoutMs?: number | undefined;
  /**
   * How to learn that a process serves, where it may have no IPC channel, as under `npm start`. Must reject in time when it
   * does not. Default: its `serving` message.
   */
  untilServing?(process: FleetProcess, start: MemberStart): Promise<ServingMessage>;
  /** From SIGTERM to SIGKILL. Default 35 s. */
  readonly stopTimeoutMs?: number | undefined;
  readonly logLines?: number | undefined;
  /** A directory for one log file per member. It must exist. */
  readonly logDirectory?: string | undefined;
}

/** How one member of a fleet is restarted. */
export interface RestartOptions {
  /** `SIGKILL` for a crash. Default `SIGTERM`. */
  readonly signal?: "SIGTERM" | "SIGKILL" | undefined;
  /** Where it comes back. Default `same`. */
  readonly port?: "same" | "new" | undefined;
}

/** One place in the fleet: a process, and after a restart its successor. */
export class Member {
  /** How many processes it has had. */
  runs = 0;
  private process: FleetProcess | undefined;
  private spawning: Promise<unknown> | undefined;
  private closed = false;
  private held: HeldPort | undefined;

  constructor(
    readonly index: number,
    private readonly options: FleetOptions,
    private readonly started: (member: Member, process: FleetProcess) => void,
  ) {}

  /** Its process now; the last one when that has ended. */
  get current(): FleetProcess {
    if (!this.process) throw new Error(`${this.name} has not been started`);
    return this.process;
  }

  get name(): string {
    return `${this.options.name ?? "service"}-${this.index}`;
  }

  /** Starts its process, on its port or a new one, and waits until it serves. */
  async start(port: "same" | "new" = "same"): Promise<ServingMessage> {
    if (this.closed) throw new Error(`${this.name} is not started: the fleet is closed`);
    const { options } = this;
    const { process, start } = await (this.spawning = this.spawn(port));
    try {
      const serving = await (options.untilServing?.(process, start) ??
        process.untilServing(options.readyTimeoutMs ?? 20_000));
      process.nowServes(serving);
      return serving;
    } catch (error) {
      await process.kill();
      throw error;
    }
  }

  /** Ends its process by SIGTERM. */
  async stop(): Promise<Exit> {
    return await this.current.stop(this.options.stopTimeoutMs);
  }

  /** Ends its process by SIGKILL. */
  async kill(): Promise<Exit> {
    return await this.current.kill();
  }

  /**
   * Ends its process and starts the next. Rejects when one that was asked to end did so with another code than 0.
   */
  async restart({ signal = "SIGTERM", port = "same" }: RestartOptions = {}): Promise<ServingMessage> {
    const exit = signal === "SIGKILL" ? await this.kill() : await this.stop();
    if (signal === "SIGTERM" && exit.code !== 0) throw new Error(`${this.name} ended with ${exitText(exit)}`);
    return await this.start(port);
  }

  /** Ends its process, also one that is being started, and starts no other. */
  async close(): Promise<void> {
    this.closed = true;
    await this.spawning?.catch(() => {});
    await this.process?.[Symbol.asyncDispose]();
    await this.held?.[Symbol.asyncDispose]();
  }

  private async spawn(port: "same" | "new"): Promise<{ process: FleetProcess; start: MemberStart }> {
    const { options, name, index, runs: run } = this;
    const start = { index, run, port: await this.hold(port) };
    const process = await FleetProcess.start(options.command(start), {
      name,
      logLines: options.logLines,
      logFile: options.logDirectory === undefined ? undefined : join(options.logDirectory, `${name}.log`),
    });
    this.process = process;
    this.runs++;
    this.started(this, process);
    return { process, start };
  }

  private async hold(port: "same" | "new"): Promise<number> {
    const before = this.held;
    if (before && port === "same") return before.port;
    this.held = await holdPort();
    await before?.[Symbol.asyncDispose]();
    return this.held.port;
  }
}

/** Real processes of one service. Disposing ends them all. */
export class Fleet implements AsyncDisposable {
  private readonly all: Member[] = [];
  private readonly removed = new Set<Member>();
  private readonly listeners = new Set<(member: Member, message: unknown) => void>();
  private closed = false;

  constructor(private readonly options: FleetOptions) {}

  /** By index; removed ones are left out. */
  get members(): readonly Member[] {
    return this.all.filter((member) => !this.removed.has(member));
  }

  /** Starts one more and waits until it serves. */
  async add(): Promise<Member> {
    if (this.closed) throw new Error("the fleet is closed");
    const member = new Member(this.all.length, this.options, (of, process) => {
      process.onMessage((message) => {
        for (const listener of this.listeners) listener(of, message);
      });
    });
    this.all.push(member);
    await member.start();
    return member;
  }

  /** Ends a member by SIGTERM, for good. */
  async remove(member: Member): Promise<Exit> {
    const exit = await member.stop();
    this.removed.add(member);
    return exit;
  }

  /** Ends and starts all at once. */
  async restartAll(options: RestartOptions = {}): Promise<void> {
    await Promise.all(this.members.map((member) => member.restart(options)));
  }

  /** Calls the listener with each IPC message of any member, over restarts. Returns its removal. */
  onMessage(listener: (member: Member, message: unknown) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    await Promise.all(this.all.map((member) => member.close()));
  }
}

/**
 * Starts `size` processes of a service and waits until each serves, which it tells with the IPC message
 * `{ rollcall: "serving", address }`, as `App.run` does. Rejects with the output of the first that does not; the others are
 * ended then.
 *
 * No process outlives the caller: see `FleetProcess` and `ownChild`.
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const fleet = new Fleet(options);
  try {
    await Promise.all(Array.from({ length: options.size }, () => fleet.add()));
    return fleet;
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
}
