import * as fc from "fast-check";
import type { SimulateOptions } from "../simulate.js";
import { canarySchedules, schedules } from "./arbitrary.js";
import { outcomeOf } from "./replay.js";
import type { Step } from "./step.js";

/** What is simulated, and how many schedules of which length. */
export interface CheckOptions extends Omit<SimulateOptions, "seed"> {
  /** Default 100. */
  readonly runs?: number | undefined;
  /** Which schedules. Default: others each time; a failure names it. */
  readonly seed?: number | undefined;
  /** Steps of one schedule, at most. Default 6. */
  readonly steps?: number | undefined;
  /** Whether new versions are released, too, healthy and sick: needs some 20 calls per second of all callers. Default no. */
  readonly canaries?: boolean | undefined;
}

/** How many schedules broke no rule, and the seed they came from. */
export interface Checked {
  readonly runs: number;
  readonly seed: number;
}

/** The smallest schedule found that breaks a rule. */
export class ScheduleError extends Error {
  override readonly name = "ScheduleError";
  /** Of the simulation, for `replay`. */
  readonly seed: number;
  readonly steps: readonly Step[];
  readonly faults: readonly string[];
  /** How many schedules it took. */
  readonly runs: number;

  constructor(found: {
    readonly seed: number;
    readonly steps: readonly Step[];
    readonly faults: readonly string[];
    readonly log: readonly string[];
    readonly runs: number;
    readonly shrinks: number;
    readonly checkSeed: number;
  }) {
    const { seed, steps, faults, log, runs, shrinks, checkSeed } = found;
    super(
      [
        `schedule ${runs} of seed ${checkSeed} breaks a rule (made smaller ${shrinks} times):`,
        ...faults.map((fault) => `  ${fault}`),
        "",
        "replay it with the same options and:",
        replayCode(seed, steps),
        "",
        "the end of its log:",
        ...log.slice(-40),
      ].join("\n"),
    );
    this.seed = seed;
    this.steps = steps;
    this.faults = faults;
    this.runs = runs;
  }
}

/**
 * Takes simulations through random schedules, each with its own seed, and makes the first that breaks a rule as small as
 * it can.
 * @throws ScheduleError with that schedule, as code
 */
export async function checkSchedules(options: CheckOptions): Promise<Checked> {
  const { runs = 100, seed: chosen, steps: most = 6, canaries = false, ...simulated } = options;
  const run = fc.record({
    seed: fc.noShrink(fc.nat()),
    steps: canaries ? canarySchedules(most) : schedules(most),
  });
  const property = fc.asyncProperty(run, async ({ seed, steps }) => {
    const { faults } = await outcomeOf({ ...simulated, seed, steps });
    return faults.length === 0;
  });
  const details = await fc.check(property, {
    numRuns: runs,
    ...(chosen === undefined ? {} : { seed: chosen }),
    maxSkipsPerRun: 0,
  });
  if (!details.failed) return { runs: details.numRuns, seed: details.seed };
  const found = details.counterexample?.[0];
  if (!found) throw new Error("no schedule was tried");
  const { faults, log } = await outcomeOf({ ...simulated, ...found });
  const { numRuns, numShrinks, seed: checkSeed } = details;
  throw new ScheduleError({ ...found, faults, log, runs: numRuns, shrinks: numShrinks, checkSeed });
}

/** A schedule as one would write it. */
export function replayCode(seed: number, steps: readonly Step[]): string {
  const lines = steps.map((step) => {
    const fields = Object.entries(step).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    return `    { ${fields.join(", ")} },`;
  });
  return ["await replay({", "  ...options,", `  seed: ${seed},`, "  steps: [", ...lines, "  ],", "});"].join(
    "\n",
  );
}
