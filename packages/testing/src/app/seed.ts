import { ConfigError } from "@rollcall/core";

/** Repeats a run without a change of code. */
const variable = "ROLLCALL_TEST_SEED";

/** The seed given, else the one in `ROLLCALL_TEST_SEED`, else a new one. A whole number from 0 to 2^32 - 1. */
export function chooseSeed(given: number | undefined, env: NodeJS.ProcessEnv = process.env): number {
  const text = env[variable]?.trim();
  const seed = given ?? (text ? Number(text) : Math.floor(Math.random() * 2 ** 32));
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  const name = given === undefined ? variable : "option seed";
  throw new ConfigError(
    `${name} is ${given ?? JSON.stringify(text)}; allowed: a whole number from 0 to 2^32 - 1`,
  );
}

/** Numbers from 0 up to 1, the same for the same seed: Mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
