import { hashText, mix } from "./text-hash.js";

/**
 * How near an instance is to a caller: the highest is the nearest. Instances far apart for one caller are neighbours for
 * another, and a distance does not depend on who else there is.
 *
 * Source: D. Thaler and C. Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM ToN 6 (1998).
 */
export function nearness(caller: number, instance: string): number {
  return mix(hashText(instance) ^ caller);
}
