import type { RowContext } from "./context.js";
import type { Need } from "./needs.js";

/** What must hold for one measured figure. One of the limits is set, or both. */
export interface Bound {
  /** What is measured: `calls failed`. */
  readonly what: string;
  /** `ms`, `%`, `MB`; empty for a count. */
  readonly unit: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export type Bounds = Readonly<Record<string, Bound>>;

/** One figure for each bound. */
export type Measured<B extends Bounds = Bounds> = { readonly [Name in keyof B]: number };

/**
 * - `fast`: also a test of CI;
 * - `normal`: the script's;
 * - `long`: minutes; left out by `--quick`.
 */
export type Pace = "fast" | "normal" | "long";

/** One fault, how it is made, and what must hold. */
export interface Row<B extends Bounds = Bounds> {
  /** Kebab-case, unique. */
  readonly name: string;
  /** The fault, in words. */
  readonly fault: string;
  /** How it is made, in words. */
  readonly inject: string;
  readonly pace: Pace;
  /** What the machine must have, or the row is skipped. Default nothing but Node. */
  readonly needs?: readonly Need[];
  /** The row fails when it takes longer. */
  readonly limitMs: number;
  readonly bounds: B;
  /** Makes the fault and measures. What it starts through the context ends with it, also when it throws. */
  run(context: RowContext): Promise<Measured<B>>;
}

/** Checks at compile time that a row measures exactly what it bounds. */
export function defineRow<const B extends Bounds>(row: Row<B>): Row {
  return row;
}

/** `<= 20 ms`, `29000 to 31000 ms`. */
export function boundText({ unit, atMost, atLeast }: Bound): string {
  const withUnit = (text: string): string => (unit === "" ? text : `${text} ${unit}`);
  if (atMost !== undefined && atLeast !== undefined)
    return withUnit(atMost === atLeast ? `${atMost}` : `${atLeast} to ${atMost}`);
  return withUnit(atMost === undefined ? `>= ${atLeast}` : atMost === 0 ? "0" : `<= ${atMost}`);
}

/** A figure as tables show it: three digits, unless rounding would change the verdict. */
export function figureText(bound: Bound, figure: number | undefined): string {
  if (figure === undefined || Number.isNaN(figure)) return "not measured";
  const short = Math.abs(figure) >= 1000 ? Math.round(figure) : Number(figure.toPrecision(3));
  const text = holds(bound, short) === holds(bound, figure) ? `${short}` : `${figure}`;
  return bound.unit === "" ? text : `${text} ${bound.unit}`;
}

/** Whether a figure is within its bound. What was not measured is not. */
export function holds(
  { atMost = Infinity, atLeast = -Infinity }: Bound,
  figure: number | undefined,
): boolean {
  return figure !== undefined && figure >= atLeast && figure <= atMost;
}
