import type { Target } from "@rollcall/core";

/** A target in words: a version alone is its number, all else says what it is: `track canary, zone=a`. */
export function targetText({ version, track, id, labels = {} }: Target): string {
  const others = [
    ...(track === undefined ? [] : [`track ${track}`]),
    ...(id === undefined ? [] : [`id ${id}`]),
    ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
  ];
  return [...(version === undefined ? [] : [version]), ...others].join(", ");
}

/** Whether two targets say the same, whatever the order of their fields. */
export function sameTarget(one: Target, other: Target): boolean {
  return (
    one.version === other.version &&
    one.track === other.track &&
    one.id === other.id &&
    samePairs(one.labels ?? {}, other.labels ?? {})
  );
}

/** Whether two records have the same entries, whatever their order. */
export function samePairs(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  const entries = Object.entries(one);
  return (
    entries.length === Object.keys(other).length && entries.every(([name, value]) => other[name] === value)
  );
}
