/**
 * One round of nginx' smooth weighted round robin over a range of two parallel arrays: who is to be picked.
 * @returns the index whose credit would be the highest after everybody has earned its weight; -1 when all weights are 0
 */
export function richest(weights: Float64Array, credits: Float64Array, from: number, to: number): number {
  let best = -1;
  let most = 0;
  for (let i = from; i < to; i++) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    const credit = (credits[i] as number) + weight;
    if (best < 0 || credit > most) {
      best = i;
      most = credit;
    }
  }
  return best;
}

/** The other half of the round: all earn their weights, and the picked one pays for it. Returns the sum of the weights. */
export function earn(
  weights: Float64Array,
  credits: Float64Array,
  from: number,
  to: number,
  picked: number,
): number {
  let total = 0;
  for (let i = from; i < to; i++) {
    const weight = weights[i] as number;
    credits[i] = (credits[i] as number) + weight;
    total += weight;
  }
  credits[picked] = (credits[picked] as number) - total;
  return total;
}

export function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i] as number;
  return sum;
}

export function scale(credits: Float64Array, from: number, to: number, factor: number): void {
  for (let i = from; i < to; i++) credits[i] = (credits[i] as number) * factor;
}

/** Whoever leaves takes its credit along; without this the rest would drift away from the 0 of newcomers. */
export function centre(credits: Float64Array, from: number, to: number): void {
  const sum = sumOf(credits, from, to);
  if (sum === 0) return;
  for (let i = from; i < to; i++) credits[i] = (credits[i] as number) - sum / (to - from);
}
