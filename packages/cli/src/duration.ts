import { ConfigError } from "@rollcall/core";

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;
const unitMs = new Map<string, number>(units);
const wholePattern = /^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/;
const partPattern = /(\d+(?:\.\d+)?)(ms|[dhms])/g;

/**
 * Milliseconds of `500ms`, `60s`, `1m30s`, `1.5h`, `2d`.
 * @throws ConfigError for anything else, a bare number included
 */
export function parseDuration(text: string): number {
  const compact = text.replaceAll(" ", "");
  if (wholePattern.test(compact)) {
    const parts = Array.from(
      compact.matchAll(partPattern),
      ([, count, unit]) => Number(count) * (unitMs.get(unit as string) as number),
    );
    const ms = parts.reduce((sum, each) => sum + each, 0);
    if (ms <= Number.MAX_SAFE_INTEGER) return Math.round(ms);
  }
  throw new ConfigError(
    `duration ${JSON.stringify(text)} is not one; write a number and its unit: 500ms, 60s, 2m, 1h`,
  );
}

/** A duration as `parseDuration` reads it: `1m30s`. */
export function formatDuration(ms: number): string {
  const parts: string[] = [];
  let left = Math.max(0, Math.round(ms));
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join("") || "0s";
}

/** A duration for a glance: its two largest units, whole seconds from one second on. */
export function roughDuration(ms: number): string {
  if (ms < 1000) return formatDuration(ms);
  const seconds = formatDuration(Math.round(ms / 1000) * 1000);
  return (seconds.match(partPattern) ?? []).slice(0, 2).join("");
}
