import type { Figures } from "../table.js";

/** What picks of one policy take, by number of endpoints. */
export interface PickRow {
  readonly policy: string;
  readonly nanos: number[];
  readonly bytes: number[];
}

export const pickSizes: readonly number[] = [3, 100, 10_000];

export const pickFigures = (rows: readonly PickRow[]): Figures => ({
  heads: ["Policy", ...pickSizes.map((size) => `${size.toLocaleString("en")}, ns`), "bytes"],
  rows: rows.map(({ policy, nanos, bytes }) => [
    policy,
    ...nanos.map((each) => each.toFixed(0)),
    Math.max(...bytes).toFixed(0),
  ]),
});
