/** A time of day in UTC, so that people in different places see the same: `2026-11-21 10:03:12`. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}
