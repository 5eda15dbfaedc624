/** Tells one process from other callers: 16 hexadecimal digits at random, so that their order favours nobody. */
export function callerId(random: () => number): string {
  const half = (): string =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return half() + half();
}
