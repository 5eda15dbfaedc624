/** Percent of the calls per step of a rollout that names none. */
export const defaultSteps: readonly number[] = [1, 5, 25, 50, 100];
/** The least time between two steps. */
export const defaultIntervalMs = 60_000;
/** Share of failed attempts that the new version may have. */
export const defaultMaxErrorRate = 0.01;
/** Attempts on the new version that a step needs; twice as many to compare latency. */
export const defaultMinSamples = 500;
/** A rollout has at most this many steps, which keeps callers' reports small. */
export const mostSteps = 20;
