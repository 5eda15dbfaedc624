import { setImmediate, setTimeout } from "node:timers/promises";
import type { Clock } from "@rollcall/core";
import { FakeClock } from "../clock/fake-clock.js";

/** Of the fake clock: longer than a propagation delay, shorter than anything that gives up on somebody. */
const usualMs = 1_000;
/** Of the machine's time: for what does real work while it stops. */
const patienceMs = 50;

/**
 * The outcome of a promise that takes time. On a fake clock the time is made to pass: first as much as stopping usually
 * takes; then, when something really works on it, the machine gets a moment; then whatever is set to happen happens.
 */
export async function throughTime<T>(clock: Clock, outcome: Promise<T>): Promise<T> {
  if (!(clock instanceof FakeClock)) return outcome;
  let over = false;
  const ended = outcome.then(
    () => (over = true),
    () => (over = true),
  );
  for (let untilMs = clock.now() + usualMs; !over && clock.now() < untilMs;) {
    await clock.advance(Math.min(untilMs - clock.now(), clock.nextInMs ?? Infinity));
  }
  const giveUpAt = performance.now() + patienceMs;
  while (!over && performance.now() < giveUpAt) await setTimeout(1);
  while (!over) {
    if (clock.nextInMs === undefined) await Promise.race([ended, setImmediate()]);
    else await clock.advance(clock.nextInMs);
  }
  return outcome;
}
