import { simulate, type Outcome, type SimulateOptions } from "../simulate.js";
import { perform, type Step } from "./step.js";

export interface ReplayOptions extends SimulateOptions {
  readonly steps: readonly Step[];
}

/**
 * Simulates a fleet, takes it through the steps, brings back what does not run, and lets it come to rest.
 * @throws SimulationError when a rule was broken
 */
export async function replay(options: ReplayOptions): Promise<Outcome> {
  const simulation = await runSteps(options);
  return simulation.check();
}

/** As `replay`; what was broken is in the outcome. */
export async function outcomeOf(options: ReplayOptions): Promise<Outcome> {
  const simulation = await runSteps(options);
  return simulation.finish();
}

async function runSteps(options: ReplayOptions): ReturnType<typeof simulate> {
  const simulation = await simulate(options);
  const begun: Promise<void>[] = [];
  for (const step of options.steps) {
    await simulation.run(step.afterMs);
    begun.push(perform(simulation, step));
  }
  await Promise.all(begun);
  await simulation.fleet.startAll();
  return simulation;
}
