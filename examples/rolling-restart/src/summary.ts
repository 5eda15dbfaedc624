import type { DevelopmentRegistry } from "@rollcall/testing";
import type { Receipt } from "@rollcall/testing/fleet";

/** What the demo found, beside the receipt itself. */
export interface Findings {
  readonly registry: DevelopmentRegistry["kind"];
  readonly receipt: Receipt;
  /** Orders that were placed more than once. */
  readonly placedTwice: readonly string[];
  /** What rate x time asks for. */
  readonly callsDue: number;
}

/** The line that `--json` prints; milliseconds to a tenth. */
export function jsonLine({ registry, receipt }: Findings): string {
  const { calls, ok, appErrors, cancelled, dropped, attempts, retried, duplicates } = receipt;
  const { streams, restarts, kills, perInstance, p99Ms, maxMs, gapMs } = receipt;
  const line = {
    registry,
    calls,
    ok,
    appErrors,
    cancelled,
    dropped,
    attempts,
    retried,
    duplicates,
    streams,
    restarts,
    kills,
    perInstance,
    p99Ms,
    maxMs,
    gapMs,
  };
  return JSON.stringify(line, (_key, value: unknown) =>
    typeof value === "number" ? Math.round(value * 10) / 10 : value,
  );
}

/** What went wrong, in words; empty when a deploy cost nothing. */
export function failures({ receipt, placedTwice, callsDue }: Findings): string[] {
  const { calls, dropped, streams } = receipt;
  const found: string[] = [];
  if (dropped > 0) found.push(`${dropped} calls were dropped`);
  if (streams.dropped > 0) found.push(`${streams.dropped} streams were dropped`);
  if (placedTwice.length > 0) found.push(`orders placed twice: ${placedTwice.join(", ")}`);
  if (calls < 0.98 * callsDue) found.push(`only ${calls} of ${Math.round(callsDue)} calls were made in time`);
  return found;
}
