import { seededRandom } from "../app/seed.js";

/** A stream of numbers from 0 up to 1 that a seed determines. */
export interface Chance {
  (): number;
  /** A stream of its own for each name: what one part draws does not shift what another gets. */
  fork(name: string): Chance;
}

/** All chance of a simulation. Names are mixed into the seed by FNV-1a. */
export function chance(seed: number): Chance {
  return Object.assign(seededRandom(seed), { fork: (name: string) => chance(mixed(name, seed)) });
}

function mixed(name: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
