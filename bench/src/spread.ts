/** What repetitions of a measurement have shown. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError without a value */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  if (low === undefined || high === undefined) throw new RangeError("no values to take a median of");
  return { median: (low + high) / 2, min: sorted[0]!, max: sorted.at(-1)! };
}

/**
 * The value that this share of all does not exceed (nearest rank).
 * @throws RangeError without a value
 */
export function percentile(values: readonly number[], share: number): number {
  const value = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)];
  if (value === undefined) throw new RangeError("no values to take a percentile of");
  return value;
}
