import type { RolloutPolicy } from "@rollcall/app";
import { isActive } from "@rollcall/app/rollout";
import type { ReceiptRecorder } from "../fleet/receipt-recorder.js";
import type { Receipt } from "../fleet/receipt.js";
import { SimulatedCanary, type CanaryOptions } from "./canary/canary.js";
import { Operator } from "./canary/operator.js";
import type { Environment, ServerOptions } from "./environment.js";
import type { Pump } from "./pump.js";
import { Roster } from "./roster.js";
import type { Slot } from "./slot.js";

/** From a change of the policy until every caller knows it, unless the registry lags. */
const noticeMs = 500;

/** How a simulated fleet is restarted one by one. */
export interface RollingRestartOptions {
  /** Between one instance that is visible again and the next. Default 200. */
  readonly pauseMs?: number | undefined;
}

/** The instances of a simulated service, and what can be done to them. Numbers count from 0. */
export class SimulatedFleet {
  /** Every rollout so far, the last one last. */
  readonly canaries: SimulatedCanary[] = [];
  readonly #env: Environment;
  readonly #pump: Pump;
  readonly #recorder: ReceiptRecorder;
  readonly #roster: Roster;
  readonly #operator: Operator;

  constructor(env: Environment, options: ServerOptions, pump: Pump, recorder: ReceiptRecorder) {
    this.#env = env;
    this.#pump = pump;
    this.#recorder = recorder;
    this.#roster = new Roster(env, options);
    this.#operator = new Operator(env, options);
  }

  /** @internal */
  get slots(): readonly Slot[] {
    return this.#roster.slots;
  }

  /** @internal All that ever were, for what happened to them. */
  get everySlot(): readonly Slot[] {
    return this.#roster.everySlot;
  }

  /** Instances that should run, canaries included. */
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
      for (const slot of this.slots) {
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

  /** Starts or stops instances until there are `n` besides canaries; the last ones go first. */
  scale(n: number): Promise<void> {
    this.#env.log.add("fleet", `scale to ${n}`);
    this.#recorder.step(`scale to ${n}`);
    const leaving = this.#roster.scale(n);
    const started = this.#all((slot) => this.#start(slot));
    const stopped = Promise.all(leaving.map((slot) => slot.stop()));
    return this.#pump.until(Promise.all([started, stopped]).then(() => {}));
  }

  /**
   * Brings up instances of a new version, with weight 0, and begins to release it, as `rollcall rollout` does; the
   * controllers in the fleet's apps take the steps. Resolves when the first step is in force.
   * @throws ConfigError while another rollout is running or paused
   */
  async canary(options: CanaryOptions = {}): Promise<SimulatedCanary> {
    const { version = `${this.canaries.length + 2}.0.0`, instances = 1, sick = {} } = options;
    const { version: from, services } = this.#roster.release;
    const canary = new SimulatedCanary(this.#env, this.#pump, this.#operator, { version, from, sick });
    this.#env.log.add("fleet", `canary ${version}: ${instances} instances`);
    this.#recorder.step(`canary ${version}`);
    const release = { version, track: "canary", weight: 0, services: options.services ?? services };
    const added = this.#roster.addCanaries(instances, { ...release, sickness: sick });
    this.canaries.push(canary);
    const begin = async (): Promise<void> => {
      await Promise.all(added.map((slot) => this.#start(slot)));
      await canary.start(options);
    };
    await this.#pump.until(begin());
    return canary;
  }

  /** The policy in force, as the registry holds it. @param service default: the fleet's first */
  policy(service: string | undefined = this.#operator.services[0]): RolloutPolicy | undefined {
    return service === undefined ? undefined : this.#env.registry.policies.policy(service);
  }

  /**
   * Stops all instances of a version, which no call goes to any more: the old one after a promotion, the new one after an
   * abort. After a promotion, instances that are added by `scale` are of the stable version.
   * @throws RangeError for the version that calls go to
   */
  retire(version: string): Promise<void> {
    const retire = async (): Promise<void> => {
      const policies = await this.#operator.policies();
      if (
        policies.some(
          (policy) => policy === undefined || policy.stable === version || isActive(policy.rollout),
        )
      )
        throw new RangeError(`version ${version} cannot be retired: it is stable, or a rollout is under way`);
      // What has just been decided has to reach the callers first.
      const { clock, registry } = this.#env;
      await clock.sleep(noticeMs + registry.longestLagMs);
      const stable = policies[0]?.stable;
      const promoted = this.slots.find(({ release }) => release.version === stable);
      if (promoted) this.#roster.promoted(promoted.release);
      const leaving = this.#roster.retire(version);
      await Promise.all(leaving.map((slot) => slot.stop()));
    };
    this.#env.log.add("fleet", `retire ${version}`);
    this.#recorder.step(`retire ${version}`);
    return this.#pump.until(retire());
  }

  /** @internal Ends the fleet. */
  async stopAll(): Promise<void> {
    const versions = new Set(this.slots.map(({ release }) => release.version));
    const leaving = [...versions].flatMap((version) => this.#roster.retire(version));
    await this.#pump.until(Promise.all(leaving.map((slot) => slot.stop())));
    await this.#operator.close();
  }

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

  #slot(i: number): Slot {
    const slot = this.slots[i];
    if (!slot) throw new RangeError(`no instance ${i}: the fleet has ${this.slots.length}`);
    return slot;
  }
}
