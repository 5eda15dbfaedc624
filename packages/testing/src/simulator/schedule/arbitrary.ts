import { Code } from "@rollcall/core";
import * as fc from "fast-check";
import type { Deed, Step } from "./step.js";

/** One thing that happens, and what else it asks for. */
function deed<D extends Deed["do"]>(
  name: D,
  details: { [K in Exclude<keyof Extract<Deed, { do: D }>, "do">]: fc.Arbitrary<number> },
): fc.Arbitrary<Deed> {
  return fc.record({ do: fc.constant(name), ...details }) as unknown as fc.Arbitrary<Deed>;
}

const instance = fc.nat(5);
const ms = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most });

/** What befalls a fleet and its registry. */
const faults: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 3, arbitrary: deed("rollingRestart", {}) },
  { weight: 5, arbitrary: deed("restart", { instance }) },
  { weight: 4, arbitrary: deed("kill", { instance, downMs: ms(2_000) }) },
  { weight: 2, arbitrary: deed("hang", { instance, ms: ms(8_000) }) },
  { weight: 1, arbitrary: deed("restartAll", {}) },
  { weight: 2, arbitrary: deed("scale", { to: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: deed("outage", { ms: ms(6_000) }) },
  { weight: 2, arbitrary: deed("lag", { ms: ms(2_000), forMs: ms(6_000) }) },
  { weight: 2, arbitrary: deed("loseLease", { instance }) },
  { weight: 1, arbitrary: deed("wipe", {}) },
  { weight: 1, arbitrary: deed("massDisappearance", {}) },
);

const sickness = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ failPercent: 0, code: Code.Internal, delayMs: 0 }) },
  {
    weight: 2,
    arbitrary: fc.record({
      // More than any baseline is excused for.
      failPercent: fc.constantFrom(60, 100),
      code: fc.constantFrom(Code.Internal, Code.Unavailable),
      delayMs: fc.constant(0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      failPercent: fc.constant(0),
      code: fc.constant(Code.Internal),
      delayMs: fc.constant(500),
    }),
  },
);

/** New versions, healthy and sick, whose rollouts take seconds. */
const canary: fc.Arbitrary<Deed> = fc
  .tuple(
    fc.record({
      instances: fc.integer({ min: 1, max: 2 }),
      steps: fc.constantFrom([100], [50], [30, 100], [20, 50, 100]),
      intervalMs: fc.integer({ min: 0, max: 1_000 }),
      minSamples: fc.integer({ min: 15, max: 25 }),
    }),
    sickness,
  )
  .map(([plan, sick]) => {
    // Latency is compared with that of calls to the other version, which there are none of at 100 %.
    const steps = sick.delayMs > 0 && plan.steps[0] === 100 ? [50, 100] : plan.steps;
    return { do: "canary", ...plan, ...sick, steps };
  });

/**
 * Random schedules in which new versions are released, mostly: up to `most` steps, of which the first is a release, and
 * the others are those of `schedules`, what an operator can do to a rollout, and more releases.
 */
export function canarySchedules(most: number): fc.Arbitrary<Step[]> {
  const verbs = (["pause", "resume", "abort", "promote", "retire"] as const).map((verb) => ({
    weight: 1,
    arbitrary: deed(verb, {}),
  }));
  const lostPercent = fc.integer({ min: 0, max: 60 });
  const deeds = fc.oneof(
    { weight: 12, arbitrary: faults },
    { weight: 2, arbitrary: deed("disturb", { ms: ms(4_000), lostPercent, slowMs: ms(500) }) },
    { weight: 3, arbitrary: canary },
    ...verbs,
  );
  const rest = fc.array(stepOf(deeds, 4_000), { maxLength: most - 1 });
  return fc.tuple(stepOf(canary, 500), rest).map(([first, others]) => [first, ...others]);
}

function stepOf(deeds: fc.Arbitrary<Deed>, mostMs: number): fc.Arbitrary<Step> {
  return fc.tuple(fc.nat(mostMs), deeds).map(([afterMs, done]): Step => ({ afterMs, ...done }));
}

/** Random schedules of up to `most` steps, likelier the more they are like a working day. */
export function schedules(most: number): fc.Arbitrary<Step[]> {
  return fc.array(stepOf(faults, 2_000), { minLength: 1, maxLength: most });
}
