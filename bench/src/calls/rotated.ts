/** The same, from another one on: who goes first in one round goes last in the next. */
export function rotated<T>(all: readonly T[], by: number): readonly T[] {
  const first = all.length === 0 ? 0 : by % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
