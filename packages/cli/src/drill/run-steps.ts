import type { Stage } from "./stage.js";
import type { DrillStep } from "./steps.js";

/** A step that was asked for and could not be done. */
export interface SkippedStep {
  readonly name: string;
  readonly why: string;
}

/** For calls in hand to end before a step, so that they count for the one they were made in. */
const settleMs = 200;

/**
 * Does the steps in their order, each for its share of the time or as long as it takes.
 * @returns those that could not be done here. Rejects with the signal's reason, and when an instance does not come back.
 */
export async function runSteps(
  stage: Stage,
  steps: readonly DrillStep[],
  note: (line: string) => void,
): Promise<readonly SkippedStep[]> {
  const skipped: SkippedStep[] = [];
  for (const step of steps) {
    stage.signal.throwIfAborted();
    const why = step.unfit?.(stage);
    if (why !== undefined) {
      skipped.push({ name: step.name, why });
      note(`${step.name}: skipped; ${why}`);
      continue;
    }
    note(`${step.name}: ${step.what}`);
    await stage.clock.sleep(settleMs, stage.signal);
    await stage.caller.step(step.name, { outage: step.outage?.(stage.fleet.members.length) ?? false });
    await step.run(stage, stage.clock.now() + stage.shareMs);
  }
  return skipped;
}
