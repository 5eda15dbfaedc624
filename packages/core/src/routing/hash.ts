/**
 * A 32-bit hash of a string's UTF-16 code units: FNV-1a, with the finalizer of MurmurHash3 for its high bits. The same in
 * every process and version, because who is on a canary depends on it. Not for secrets.
 */
export function hashString(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
