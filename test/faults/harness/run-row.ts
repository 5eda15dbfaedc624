import { loadavg } from "node:os";
import { RowContext } from "./context.js";
import { lacks } from "./needs.js";
import { holds, type Measured, type Row } from "./row.js";

/** What became of a row. */
export interface RowResult {
  readonly row: Row;
  readonly state: "held" | "failed" | "skipped";
  readonly measured: Partial<Measured>;
  /** Why it was skipped, or what it threw. */
  readonly why: string | undefined;
  /** What the row noted, and when it failed the last words of its processes. */
  readonly notes: readonly string[];
  readonly tookMs: number;
  /** Processes that waited for a core when it began and when it ended: figures of a busy machine say less. */
  readonly load: readonly [number, number];
}

export interface RunRowOptions {
  /** Ends the row, which then counts as failed. */
  readonly signal: AbortSignal;
  readonly note?: ((line: string) => void) | undefined;
  /** Why it is left out, if it is. */
  readonly skip?: string | undefined;
}

const endMs = 30_000;

/** Runs one row within its time and ends all that it started. Never rejects. */
export async function runRow(row: Row, options: RunRowOptions): Promise<RowResult> {
  const notes: string[] = [];
  const note = (line: string): void => {
    notes.push(line);
    options.note?.(line);
  };
  const load = (): number => loadavg()[0] ?? 0;
  const result = (
    state: RowResult["state"],
    measured: Partial<Measured>,
    why: string | undefined,
    tookMs = 0,
    loadBefore = load(),
  ): RowResult => ({ row, state, measured, why, notes, tookMs, load: [loadBefore, load()] });

  const skip = options.skip ?? lacks(row.needs ?? []);
  if (skip !== undefined) return result("skipped", {}, skip);

  const from = performance.now();
  const loadBefore = load();
  const watchdog = new AbortController();
  const tooLong = (): void => watchdog.abort(new Error(`the row took longer than ${row.limitMs} ms`));
  const timer = setTimeout(tooLong, row.limitMs);
  const signal = AbortSignal.any([options.signal, watchdog.signal]);
  const context = new RowContext(signal, note);
  let measured: Partial<Measured> = {};
  let why: string | undefined;
  try {
    signal.throwIfAborted();
    measured = await unlessAborted(row.run(context), signal);
  } catch (error) {
    why = textOf(error);
  } finally {
    clearTimeout(timer);
  }
  const held =
    why === undefined && Object.entries(row.bounds).every(([name, bound]) => holds(bound, measured[name]));
  if (!held) for (const line of context.evidence()) note(line);
  await end(context).catch((error: unknown) => note(`after the row: ${textOf(error)}`));
  return result(held ? "held" : "failed", measured, why, performance.now() - from, loadBefore);
}

/** A row that ignores its signal is left behind: what it waits for is ended next. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const aborted = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", aborted, { once: true });
  work.catch(() => {});
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", aborted);
  }
}

async function end(context: RowContext): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not ended within ${endMs} ms`)), endMs);
  try {
    await Promise.race([context[Symbol.asyncDispose](), promise]);
  } finally {
    clearTimeout(timer);
  }
}

function textOf(error: unknown): string {
  if (error instanceof AggregateError) return [error.message, ...error.errors.map(textOf)].join("; ");
  return error instanceof Error ? error.message : String(error);
}
