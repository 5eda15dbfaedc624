import { Simulation, type Outcome, type SimulateOptions } from "../simulate.js";
import { perform, type Step } from "./step.js";

export interface ReplayOptions extends SimulateOptions {
  readonly steps: readonly Step[];
}

/**
 * Simulates a fleet, takes it through the steps, brings back what does not run, and lets it come to rest.
 * @throws SimulationError when a rule was broken
 */
export async function replay(options: ReplayOptions): Promise<Outcome> {
  const simulation = new Simulation(options);
  await takeThrough(simulation, options);
  return simulation.check();
}

/** As `replay`; what was broken is in the outcome, and so is that the simulation went nowhere. */
export async function outcomeOf(options: ReplayOptions): Promise<Pick<Outcome, "faults" | "log">> {
  const simulation = new Simulation(options);
  try {
    await takeThrough(simulation, options);
    return await simulation.finish();
  } catch (error) {
    return { faults: [String(error)], log: simulation.log };
  }
}

async function takeThrough(simulation: Simulation, options: ReplayOptions): Promise<void> {
  await simulation.start(options.instances ?? 3, options.workload);
  const begun: Promise<void>[] = [];
  for (const step of options.steps) {
    await simulation.run(step.afterMs);
    begun.push(perform(simulation, step));
  }
  await Promise.all(begun);
  await simulation.fleet.startAll();
}
