/** A share from 0 to 1 as a reader wants it: `12.4 %`, `0.031 %`. */
export function inPercent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** `180 ms`, `2.4 s`; `unknown` for undefined. */
export function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return "unknown";
  return ms < 1_000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1_000).toPrecision(3))} s`;
}

/** Rounded up, so that it never says `0 s` while there is some left. */
export function secondsLeft(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`;
}
