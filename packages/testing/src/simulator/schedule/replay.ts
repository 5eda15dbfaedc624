import { Simulation, type Outcome, type SimulateOptions } from "../simulate.js";
import { perform, type Step } from "./step.js";

/** A simulation and the steps to take it through. */
export interface ReplayOptions extends SimulateOptions {
  readonly steps: readonly Step[];
}

/**
 * Simulates a fleet, takes it through the steps, brings back what does not run, and lets it come to rest.
 * @throws SimulationError when a rule was broken
 */
export async function replay(options: ReplayOptions): Promise<Outcome> {
  const simulation = new Simulation(withShortLeases(options));
  await takeThrough(simulation, options);
  return simulation.check();
}

/** As `replay`; what was broken is in the outcome, and so is that the simulation went nowhere. */
export async function outcomeOf(options: ReplayOptions): Promise<Pick<Outcome, "faults" | "log">> {
  const simulation = new Simulation(withShortLeases(options));
  try {
    await takeThrough(simulation, options);
    return await simulation.finish();
  } catch (error) {
    return { faults: [String(error)], log: simulation.log };
  }
}

/** So that what a lease decides comes within a schedule's time. In one place: the code of a schedule replays it. */
function withShortLeases(options: ReplayOptions): ReplayOptions {
  return { ...options, registry: { ttlMs: 3_000, ...options.registry } };
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
  await conclude(simulation);
}

/** Nobody holds a rollout up any more, and there is time for it to end: whether it has is for the judgement to say. */
async function conclude(simulation: Simulation): Promise<void> {
  const canary = simulation.fleet.canaries.at(-1);
  if (!canary) return;
  if (canary.outcome?.state === "paused") await perform(simulation, { do: "resume" });
  for (let waitedMs = 0; waitedMs < longestRolloutMs; waitedMs += lookMs) {
    // Also when the registry has lost it before anybody heard of it.
    const isForgotten = waitedMs >= restoredWithinMs && !simulation.fleet.policy();
    if (!canary.isActive || isForgotten) return;
    await simulation.run(lookMs);
  }
  canary.overdue = canary.isActive;
}

const lookMs = 1_000;
/** So long the processes that know a lost policy may take to put it back. */
const restoredWithinMs = 10_000;
/** Many times what a rollout of a schedule takes when nothing is in its way. */
const longestRolloutMs = 120_000;
