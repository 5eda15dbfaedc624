/**
 * How a caller divides its calls among zones. Callers are assumed to be spread evenly over the zones, so each zone's
 * fair share of the weight is 1 / zones. A caller whose zone has that much stays in it. Of one that has less, the zone
 * takes what it can at the same load as everybody else, and the rest goes to the zones that have more than their fair
 * share, in proportion to what they have more.
 *
 * Source: Envoy's zone aware routing,
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/zone_aware, which knows where
 * callers are instead of assuming it.
 * @param weights per zone: the weight of its healthy endpoints
 * @param local index of the caller's own zone
 * @param shares receives the share of each zone; all 0 when there is no weight
 */
export function zoneShares(weights: Float64Array, local: number, shares: Float64Array): void {
  let total = 0;
  for (const weight of weights) total += weight;
  shares.fill(0);
  if (!(total > 0)) return;
  const own = weights[local] as number;
  const stay = Math.min(1, (own * weights.length) / total);
  shares[local] = stay;
  if (stay === 1) return;
  const fair = total / weights.length;
  let surplus = 0;
  for (let zone = 0; zone < weights.length; zone++)
    if (zone !== local) surplus += Math.max(0, (weights[zone] as number) - fair);
  for (let zone = 0; zone < weights.length; zone++) {
    if (zone === local) continue;
    const weight = weights[zone] as number;
    // When this zone has less, others must have more; all but for rounding.
    const part = surplus > 0 ? Math.max(0, weight - fair) / surplus : weight / (total - own);
    shares[zone] = (1 - stay) * part;
  }
}
