import { memoryUsage } from "node:process";

/** Long enough for the clock, short enough to fit between two interruptions by other processes. */
const roundMs = 2;

/** Nanoseconds per step: the best of some rounds, since everything that disturbs makes it slower. */
export function nanosPer(step: () => unknown, rounds: number): number {
  let steps = 64;
  let best = Infinity;
  let measured = 0;
  while (measured < rounds) {
    const startedMs = performance.now();
    for (let n = 0; n < steps; n++) sink = step();
    const tookMs = performance.now() - startedMs;
    if (tookMs < roundMs) {
      steps *= 2;
      continue;
    }
    measured++;
    best = Math.min(best, (tookMs * 1e6) / steps);
  }
  return best;
}

/** So that no step is optimised away. */
export let sink: unknown;

/** Bytes allocated per step, of a hot one: the least of some rounds, each of which must be too short for a collection. */
export function bytesPer(step: () => unknown, steps = 20_000): number {
  let least = Infinity;
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    const before = memoryUsage().heapUsed;
    for (let n = 0; n < steps; n++) sink = step();
    const bytes = memoryUsage().heapUsed - before;
    if (bytes >= 0) least = Math.min(least, bytes / steps);
  }
  return least;
}
