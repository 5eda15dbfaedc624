/**
 * Tests that may be looked at after every report.
 *
 * A likelihood ratio of an alternative against the null is a martingale under the null, and so is an average of several
 * over fixed alternatives; by Ville's inequality it ever reaches 1/alpha with a probability of alpha at most, however often
 * one looks. Sources: A. Wald, "Sequential Tests of Statistical Hypotheses" (1945); J. Ville, "Etude critique de la notion
 * de collectif" (1939); H. Robbins, "Statistical Methods Related to the Law of the Iterated Logarithm" (1970), for
 * mixtures; R. Johari, P. Koomen, L. Pekelis, D. Walsh, "Always Valid Inference" (2022), for their use in A/B tests.
 */

/** From 0.9 down to 0.0002, by the root of 2 each: fixed, so that they owe nothing to the data. */
const alternatives: readonly number[] = Array.from({ length: 25 }, (_, at) => 0.9 / Math.SQRT2 ** at);
/** One failure alone must not prove anything where none are allowed. */
const leastNull = 1e-4;

/**
 * Whether so many hits show that hits are more frequent than `limit`: the average of the Bernoulli likelihood ratios of
 * the alternatives above `limit` against `limit`.
 *
 * While the true share is `limit` or less, the probability of it ever being true, over any number of looks at growing
 * counts, is `alpha` at most. That holds also where `limit` moves between looks, as long as it does not fall below the true
 * share: a ratio against a higher null is at most the ratio against the true one, or below 1. Those below 1 sum up to 1 at
 * most, which is why 1 is added to what must be reached.
 */
export function exceeds(hits: number, trials: number, limit: number, alpha: number): boolean {
  const nullShare = Math.max(limit, leastNull);
  if (!(trials > 0) || hits / trials <= nullShare) return false;
  const needed = Math.log(1 / alpha + 1) + Math.log(alternatives.length);
  // No alternative fits better than the share seen: mostly there is no need to look at them all.
  if (trials * divergence(hits / trials, nullShare) < needed - Math.log(alternatives.length)) return false;
  let sum = 0;
  for (const share of alternatives) {
    if (share <= nullShare) break;
    const ratio =
      hits * Math.log(share / nullShare) + (trials - hits) * Math.log((1 - share) / (1 - nullShare));
    sum += Math.exp(ratio - needed);
  }
  return sum >= 1;
}

/**
 * The highest share of hits that so many of them leave possible; 1 when there were no trials. The true share is above it
 * at any time, over any number of looks, with a probability of `alpha` at most.
 *
 * It is Robbins' confidence sequence, from the mixture over Beta(1/2, 1/2) in place of the alternatives above. The
 * mixture is replaced by its lower bound, the best fit divided by 2 sqrt(trials) (R. Krichevsky, V. Trofimov, "The
 * Performance of Universal Encoding", 1981), which makes the bound a little wider and easy to compute.
 */
export function upperBound(hits: number, trials: number, alpha: number): number {
  if (!(trials > 0)) return 1;
  const share = hits / trials;
  const allowed = Math.log((2 * Math.sqrt(trials)) / alpha) / trials;
  let low = share;
  let high = 1;
  for (let round = 0; round < 40; round++) {
    const middle = (low + high) / 2;
    if (divergence(share, middle) < allowed) low = middle;
    else high = middle;
  }
  return high;
}

/** Of Kullback and Leibler, in nats, between Bernoulli distributions. */
function divergence(p: number, q: number): number {
  return (p > 0 ? p * Math.log(p / q) : 0) + (p < 1 ? (1 - p) * Math.log((1 - p) / (1 - q)) : 0);
}
