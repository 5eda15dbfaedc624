/** A stream of numbers from 0 up to 1 that a seed determines. */
export interface SeededRandom {
  (): number;
  /** A stream of its own for each name: what one part draws does not shift what another gets. */
  fork(name: string): SeededRandom;
}

/**
 * All chance of a simulation. Not for secrets: 32 bits of state.
 *
 * Source: mulberry32, Tommy Ettinger, public domain; names are mixed in by FNV-1a.
 */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Object.assign(next, { fork: (name: string) => seededRandom(hash(name, seed)) });
}

function hash(name: string, seed: number): number {
  let hashed = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < name.length; at++) hashed = Math.imul(hashed ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return hashed;
}
