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

/** Random schedules of up to `most` steps, likelier the more they are like a working day. */
export function schedules(most: number): fc.Arbitrary<Step[]> {
  const deeds = fc.oneof(
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
  const step = fc.tuple(fc.nat(2_000), deeds).map(([afterMs, done]): Step => ({ afterMs, ...done }));
  return fc.array(step, { minLength: 1, maxLength: most });
}
