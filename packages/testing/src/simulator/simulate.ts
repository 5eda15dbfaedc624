import { contractOf, methodName, type MethodContract } from "@rollcall/core";
import { FakeClock } from "../clock/fake-clock.js";
import { createFaults } from "../faults/faults.js";
import type { FaultRule } from "../faults/rule.js";
import { createReceipt } from "../fleet/receipt-recorder.js";
import type { Receipt } from "../fleet/receipt.js";
import { MemoryNetwork } from "../network/network.js";
import { CallerProcess, type Caller, type Workload } from "./caller.js";
import type { Environment, ServerOptions } from "./environment.js";
import { EventLog } from "./event-log.js";
import { SimulatedFleet } from "./fleet.js";
import { droppedFaults, restingFaults } from "./invariants.js";
import { Ledger } from "./ledger.js";
import { Pump } from "./pump.js";
import { chance } from "./random.js";
import { SimRegistry } from "./registry/sim-registry.js";
import type { Run } from "./run.js";
import type { Seams } from "./seams.js";

/** What is simulated: services as `createApp` takes them, how many instances and callers, and what callers do. */
export interface SimulateOptions extends ServerOptions {
  /** Everything random comes from it. Default 1. */
  readonly seed?: number | undefined;
  /** Default 3. */
  readonly instances?: number | undefined;
  /** Default 2. */
  readonly callers?: number | undefined;
  /** What each caller does. */
  readonly workload: (caller: Caller) => Workload;
  /** Of the callers' calls that do not say one. Default 5 000. */
  readonly timeoutMs?: number | undefined;
  /** One way over the network. Default 1. */
  readonly latencyMs?: number | undefined;
  readonly registry?:
    | { readonly ttlMs?: number | undefined; readonly latencyMs?: number | undefined }
    | undefined;
  /** What goes wrong with the callers' attempts. The calls that it costs are nobody's fault. */
  readonly faults?: readonly FaultRule[] | undefined;
  /** Parts to replace. */
  readonly seams?: Seams | undefined;
}

/** How a simulation ended. */
export interface Outcome {
  readonly receipt: Receipt;
  /** The rules that were broken; empty when all is well. */
  readonly faults: readonly string[];
  /** Every event, a line each. */
  readonly log: readonly string[];
}

/** When the simulation begins, by its clock: 2023-11-14T22:13:20Z. */
const startMs = 1_700_000_000_000;
/** What may outlive the last process: a connection's grace of 30 s. A timer that is there later has leaked. */
const afterwardsMs = 61_000;

/** A fleet, its callers and its registry, on a clock that moves only while somebody waits. Made by `simulate`. */
export class Simulation implements AsyncDisposable {
  readonly fleet: SimulatedFleet;
  readonly registry: SimRegistry;
  readonly seed: number;
  readonly #env: Environment;
  readonly #pump: Pump;
  readonly #callers: readonly CallerProcess[];
  readonly #run: Run;
  readonly #faults: string[] = [];
  readonly #settleMs: number;
  #outcome: Promise<Outcome> | undefined;

  constructor(options: SimulateOptions) {
    const { seed = 1, callers = 2, seams = {}, timeoutMs = 5_000, latencyMs = 1 } = options;
    const clock = new FakeClock(startMs);
    const random = chance(seed);
    const log = new EventLog(clock);
    const recorder = createReceipt({ clock });
    const { afterReset } = seams;
    const injected: Environment["injected"] = [];
    this.seed = seed;
    this.registry = new SimRegistry({ ...options.registry, clock, log, afterReset });
    this.#settleMs = 2 * this.registry.ttlMs + 4_000;
    this.#env = {
      clock,
      random,
      log,
      seams,
      nested: false,
      injected,
      faults: createFaults({
        rules: options.faults ?? [],
        clock,
        random: random.fork("faults"),
        crash: (instance) => this.fleet.kill(this.#indexOf(instance)),
        freeze: (instance, ms) => this.fleet.hang(this.#indexOf(instance), ms),
        onFault: (rule, call, instance) => {
          const method = methodName(call.method);
          log.add("faults", `${rule.do} ${method}${instance ? ` at ${instance}` : ""}`);
          injected.push({ atMs: clock.now(), method });
        },
      }),
      views: [],
      registry: this.registry,
      network: new MemoryNetwork({ clock, random, latencyMs }),
      ledger: new Ledger(recorder, log),
      violated: (text) => {
        log.add("fault", text);
        this.#faults.push(text);
      },
    };
    this.#pump = new Pump(clock);
    this.fleet = new SimulatedFleet(this.#env, options, this.#pump, recorder);
    this.#callers = Array.from(
      { length: callers },
      (_, index) => new CallerProcess(this.#env, recorder, index, timeoutMs),
    );
    const repeatable = idempotentMethods(options);
    const idempotent = (method: string): boolean => repeatable.has(method);
    this.#run = { env: this.#env, fleet: this.fleet, callers: this.#callers, idempotent };
  }

  /** What happened so far, a line per event. */
  get log(): readonly string[] {
    return this.#env.log.lines;
  }

  /** Simulated milliseconds since the beginning. */
  get elapsedMs(): number {
    return this.#env.log.elapsedMs;
  }

  /** Lets `ms` of simulated time pass. */
  run(ms: number): Promise<void> {
    return this.#pump.until(this.#env.clock.sleep(ms));
  }

  /** @internal */
  async start(instances: number, workload: SimulateOptions["workload"]): Promise<void> {
    await this.fleet.scale(instances);
    for (const caller of this.#callers) {
      await this.#pump.until(caller.start());
      caller.work(workload(caller));
    }
    await this.run(noticeMs);
  }

  /**
   * Lets everything come to rest, ends the callers and the fleet, and judges. Once: later calls return the same promise.
   * Faults of the registry that last are over by then: a lag without end counts as ended.
   */
  finish(): Promise<Outcome> {
    return (this.#outcome ??= this.#finish());
  }

  /** Ends the simulation. @throws an error with the faults, the seed and the end of the log when a rule was broken */
  async check(): Promise<Outcome> {
    const outcome = await this.finish();
    if (outcome.faults.length > 0) throw new SimulationError(this.seed, outcome);
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish();
  }

  #indexOf(instance: string): number {
    return this.fleet.slots.findIndex(({ name }) => name === instance);
  }

  async #finish(): Promise<Outcome> {
    const { clock, registry, log } = this.#env;
    registry.lag(0);
    await this.run(Math.max(0, registry.faultUntilMs - clock.now()) + this.#settleMs);
    this.#faults.push(...restingFaults(this.#run));
    await this.#pump.until(Promise.all(this.#callers.map((caller) => caller.finish())));
    const receipt = this.fleet.receipt();
    await this.fleet.stopAll();
    this.#faults.push(...droppedFaults(this.#run, receipt), ...this.#env.ledger.repeated);
    await this.run(afterwardsMs);
    registry.close();
    if (clock.pending > 0) this.#faults.push(`${clock.pending} timers outlived all processes`);
    log.add("simulation", `ended with ${this.#faults.length} faults`);
    return { receipt, faults: [...new Set(this.#faults)], log: log.lines };
  }
}

/** From an instance's start until every caller is connected to it. */
const noticeMs = 100;

/** A simulation that broke rules. */
export class SimulationError extends Error {
  override readonly name = "SimulationError";
  readonly outcome: Outcome;

  constructor(seed: number, outcome: Outcome) {
    const end = outcome.log.slice(-30).join("\n");
    super(`seed ${seed}: ${outcome.faults.join("\n")}\n\nthe end of the log:\n${end}`);
    this.outcome = outcome;
  }
}

function idempotentMethods({ services }: ServerOptions): ReadonlySet<string> {
  const all = services.flatMap((service) =>
    Object.values<MethodContract>(contractOf(service)?.methods ?? {}),
  );
  return new Set(all.filter(({ idempotent }) => idempotent).map(methodName));
}

/**
 * Starts `instances` of a service and `callers` on a simulated clock, network and registry, with everything else as it is
 * in production. The same seed and the same steps have the same events, byte for byte: see `Simulation.log`.
 */
export async function simulate(options: SimulateOptions): Promise<Simulation> {
  const simulation = new Simulation(options);
  await simulation.start(options.instances ?? 3, options.workload);
  return simulation;
}
