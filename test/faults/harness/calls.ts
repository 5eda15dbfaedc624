/** One call of a caller process, when it has ended. Times are milliseconds since the Unix epoch, of one machine. */
export interface MadeCall {
  readonly method: "get" | "put";
  /** When it was due, whenever it was made. */
  readonly dueMs: number;
  /** From when it was due to its end. */
  readonly latencyMs: number;
  /** 0 when it was answered. */
  readonly code: number;
  /** Why it failed. */
  readonly text?: string;
  /** The pid that answered. */
  readonly by?: string;
  /** The instances it was given to, and when. */
  readonly picks: readonly Pick[];
}

export interface Pick {
  readonly instance: string;
  readonly atMs: number;
}

export function failed(calls: readonly MadeCall[]): MadeCall[] {
  return calls.filter(({ code }) => code !== 0);
}

export function dueBetween(calls: readonly MadeCall[], fromMs: number, toMs = Infinity): MadeCall[] {
  return calls.filter(({ dueMs }) => dueMs >= fromMs && dueMs < toMs);
}

/** How long after `sinceMs` an instance was picked last; 0 when it was not. */
export function lastPickAfter(calls: readonly MadeCall[], instance: string, sinceMs: number): number {
  const times = picksOf(calls).flatMap((pick) => (pick.instance === instance ? [pick.atMs] : []));
  return Math.max(0, ...times.map((atMs) => atMs - sinceMs));
}

/** Of the picks in this time, those of the instance, in percent. */
export function sharePercent(
  calls: readonly MadeCall[],
  instance: string,
  fromMs: number,
  toMs: number,
): number {
  const picks = picksOf(calls).filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  return (100 * picks.filter((pick) => pick.instance === instance).length) / picks.length;
}

export function picksOf(calls: readonly MadeCall[]): Pick[] {
  return calls.flatMap(({ picks }) => picks);
}

/** NaN without calls, so that nothing is no good figure. */
export function percentileMs(calls: readonly MadeCall[], percent: number): number {
  const sorted = calls.map(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * How long after `sinceMs` the last stretch of `windowMs` began whose p99 was above `mostMs`: from its end on all is as
 * it was. 0 when there was none.
 */
export function p99BackMs(
  calls: readonly MadeCall[],
  sinceMs: number,
  mostMs: number,
  windowMs = 500,
): number {
  const last = Math.max(...calls.map(({ dueMs }) => dueMs));
  let backMs = 0;
  for (let from = sinceMs; from < last; from += windowMs) {
    const window = dueBetween(calls, from, from + windowMs);
    if (window.length > 0 && percentileMs(window, 99) > mostMs) backMs = from + windowMs - sinceMs;
  }
  return backMs;
}

/** The reasons of failed calls with how often each was given, the most frequent first: for notes. */
export function reasons(calls: readonly MadeCall[], most = 4): string[] {
  const counts = new Map<string, number>();
  for (const { method, code, text = "" } of failed(calls)) {
    const reason = `${method} [${code}] ${text.slice(0, 160)}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, most);
  return sorted.map(([reason, count]) => `${count} x ${reason}`);
}

/** The machine's time as callers write it: monotonic, from one start of the clock. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
