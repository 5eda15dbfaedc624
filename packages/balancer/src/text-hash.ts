/**
 * Spreads 32 bits evenly over 31: numbers of 31 bits are the largest that engines keep without allocating.
 * Source: the finaliser of MurmurHash3, https://github.com/aappleby/smhasher/wiki/MurmurHash3
 */
export function mix(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 1;
}

/**
 * A hash of 31 bits that is the same in every process, for text that nobody chooses to collide.
 * Source: FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/, over UTF-16 code units, then mixed.
 * @param seed another one makes another hash
 * @param end how much of the text counts; default all
 */
export function hashText(text: string, seed = 0, end: number = text.length): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}
