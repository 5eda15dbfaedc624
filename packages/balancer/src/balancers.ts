import { ConfigError, type BalancerFactory } from "@rollcall/core";
import { keyHash } from "./key-hash.js";
import { leastRequest } from "./least-request.js";
import { peakEwma } from "./peak-ewma.js";
import { pickFirst } from "./pick-first.js";
import { random } from "./random.js";
import { roundRobin } from "./round-robin.js";
import { sourceHash } from "./source-hash.js";
import { weightedRandom } from "./weighted-random.js";
import { weightedRoundRobin } from "./weighted-round-robin.js";

/** The policies that ship with Rollcall, the default first. */
export const balancers: readonly BalancerFactory[] = [
  peakEwma,
  leastRequest,
  weightedRoundRobin,
  roundRobin,
  weightedRandom,
  random,
  keyHash(),
  sourceHash,
  pickFirst,
];

/**
 * The policy of a name, as options and variables write it: `round-robin`.
 * @param among where to look; default `balancers`
 * @throws ConfigError when there is none; it lists the names
 */
export function balancerByName(name: string, among: readonly BalancerFactory[] = balancers): BalancerFactory {
  const found = among.find((factory) => factory.name === name);
  if (found) return found;
  const names = among.map((factory) => factory.name).join(", ");
  throw new ConfigError(`balancer: "${name}" is not a policy; use one of ${names}`);
}
