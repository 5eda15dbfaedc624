import { boundText, figureText, holds } from "../harness/row.js";
import type { RowResult } from "../harness/run-row.js";
import { textTable } from "./text-table.js";

/** What `--json` ends with. */
export interface Summary {
  readonly rows: number;
  readonly held: number;
  readonly skipped: number;
  readonly failed: readonly string[];
}

export function summarize(results: readonly RowResult[]): Summary {
  const named = (state: RowResult["state"]): string[] =>
    results.flatMap((result) => (result.state === state ? [result.row.name] : []));
  return {
    rows: results.length,
    held: named("held").length,
    skipped: named("skipped").length,
    failed: named("failed"),
  };
}

/** One line per bound: row, what, bound, measured, verdict. */
export function resultTable(results: readonly RowResult[]): string[] {
  const lines = results.flatMap((result) => linesOf(result));
  return textTable([["row", "what must hold", "bound", "measured", ""], ...lines]);
}

function linesOf({ row, state, measured, why }: RowResult): string[][] {
  const bounds = Object.entries(row.bounds);
  if (state === "skipped") return [[row.name, `${bounds.length} bounds`, "", "", `skipped: ${why}`]];
  const lines = bounds.map(([name, bound], n) => [
    n === 0 ? row.name : "",
    bound.what,
    boundText(bound),
    figureText(bound, measured[name]),
    holds(bound, measured[name]) ? "held" : "FAILED",
  ]);
  return why === undefined ? lines : [...lines, ["", why.slice(0, 200), "", "", "FAILED"]];
}
