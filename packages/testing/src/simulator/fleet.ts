import type { ReceiptRecorder } from "../fleet/receipt-recorder.js";
import type { Receipt } from "../fleet/receipt.js";
import type { Environment, ServerOptions } from "./environment.js";
import type { Pump } from "./pump.js";
import { ServerProcess, type ProcessState } from "./server-process.js";
import { Timeline } from "./timeline.js";

export interface RollingRestartOptions {
  /** Between one instance that is visible again and the next. Default 200. */
  readonly pauseMs?: number | undefined;
}

/** One instance of the fleet, whatever process it is at the moment. */
export class Slot {
  readonly name: string;
  /** When it could be called. */
  readonly served: Timeline = new Timeline();
  readonly killed: Timeline = new Timeline();
  readonly hung: Timeline = new Timeline();
  /** Scaled away: whoever restarts it meanwhile leaves it stopped. */
  retired = false;
  readonly #env: Environment;
  readonly #options: ServerOptions;
  readonly #host: string;
  #process: ServerProcess | undefined;
  #runs = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(env: Environment, options: ServerOptions, index: number) {
    this.#env = env;
    this.#options = options;
    this.name = `${options.name ?? "server"}-${index + 1}`;
    this.#host = `10.0.${index >> 8}.${(index & 255) + 1}`;
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
      const at = { name: this.name, host: this.#host, run: ++this.#runs };
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

/** The instances of a simulated service, and what can be done to them. Numbers count from 0. */
export class SimulatedFleet {
  readonly slots: Slot[] = [];
  readonly #env: Environment;
  readonly #options: ServerOptions;
  readonly #pump: Pump;
  readonly #recorder: ReceiptRecorder;

  constructor(env: Environment, options: ServerOptions, pump: Pump, recorder: ReceiptRecorder) {
    this.#env = env;
    this.#options = options;
    this.#pump = pump;
    this.#recorder = recorder;
  }

  /** Instances that should run. */
  get size(): number {
    return this.slots.length;
  }

  /** What callers got so far. */
  receipt(): Receipt {
    return this.#recorder.receipt();
  }

  /** Starts an instance that does not run. Resolves when it is visible in the registry, or has ended first. */
  start(i: number): Promise<void> {
    return this.#pump.until(this.#start(this.#slot(i)));
  }

  /** Starts all that do not run. Resolves when they are visible in the registry, or have ended first. */
  startAll(): Promise<void> {
    return this.#pump.until(this.#all((slot) => this.#start(slot)));
  }

  /** Stops an instance with a SIGTERM. Resolves when it has stopped. */
  stop(i: number): Promise<void> {
    this.#recorder.step(`stop ${this.#slot(i).name}`);
    return this.#pump.until(this.#slot(i).stop());
  }

  /** Stops an instance, and starts it again at the same address. Resolves when it is visible again. */
  restart(i: number): Promise<void> {
    this.#recorder.step(`restart ${this.#slot(i).name}`);
    return this.#pump.until(this.#restart(this.#slot(i)));
  }

  /** Restarts one instance after the other. */
  rollingRestart(options: RollingRestartOptions = {}): Promise<void> {
    const { pauseMs = 200 } = options;
    const roll = async (): Promise<void> => {
      for (const slot of this.slots.slice()) {
        await this.#restart(slot);
        await this.#env.clock.sleep(pauseMs);
      }
    };
    this.#env.log.add("fleet", "rolling restart");
    this.#recorder.step("rolling restart");
    return this.#pump.until(roll());
  }

  /** Restarts all at once: nobody can serve for a while. */
  restartAll(): Promise<void> {
    this.#env.log.add("fleet", "restart of all");
    this.#recorder.step("restart of all", { outage: true });
    return this.#pump.until(this.#all((slot) => this.#restart(slot)));
  }

  /** Kills an instance's process; `start` brings it back. */
  kill(i: number): void {
    const slot = this.#slot(i);
    if (!slot.alive) return;
    this.#recorder.step(`kill ${slot.name}`);
    this.#recorder.killed();
    slot.kill();
  }

  /** An instance's process does nothing for `ms` (SIGSTOP). */
  hang(i: number, ms: number): void {
    const slot = this.#slot(i);
    if (slot.alive) this.#recorder.step(`hang ${slot.name}`);
    slot.hang(ms);
  }

  /** Starts or stops instances until there are `n`; the last ones go first. */
  scale(n: number): Promise<void> {
    this.#env.log.add("fleet", `scale to ${n}`);
    this.#recorder.step(`scale to ${n}`);
    const leaving = this.slots.splice(n);
    for (const slot of leaving) slot.retired = true;
    this.#left.push(...leaving);
    while (this.slots.length < n) this.slots.push(this.#slotFor(this.slots.length));
    const started = this.#all((slot) => this.#start(slot));
    const stopped = Promise.all(leaving.map((slot) => slot.stop()));
    return this.#pump.until(Promise.all([started, stopped]).then(() => {}));
  }

  /** All that ever were, for what happened to them. */
  get everySlot(): readonly Slot[] {
    return [...this.slots, ...this.#left];
  }

  readonly #left: Slot[] = [];

  async #restart(slot: Slot): Promise<void> {
    await slot.stop();
    this.#recorder.restarted();
    await this.#start(slot);
  }

  async #start(slot: Slot): Promise<void> {
    await slot.start();
    await slot.process?.serving;
  }

  async #all(step: (slot: Slot) => Promise<void>): Promise<void> {
    await Promise.all(this.slots.map(step));
  }

  /** An instance that left and comes back is the same one. */
  #slotFor(index: number): Slot {
    const fresh = new Slot(this.#env, this.#options, index);
    const known = this.#left.findIndex(({ name }) => name === fresh.name);
    const slot = known < 0 ? fresh : (this.#left.splice(known, 1)[0] as Slot);
    slot.retired = false;
    return slot;
  }

  #slot(i: number): Slot {
    const slot = this.slots[i];
    if (!slot) throw new RangeError(`no instance ${i}: the fleet has ${this.slots.length}`);
    return slot;
  }
}
