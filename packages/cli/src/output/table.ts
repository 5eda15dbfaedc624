import Table from "cli-table3";
import type { Paint, Style } from "./paint.js";
import { printable } from "./printable.js";

/** A cell: text or lines of it, made printable, and how to show it. */
export type Cell =
  | string
  | readonly string[]
  | { readonly text: string | readonly string[]; readonly style: Style };

export interface Column {
  readonly title: string;
  /** Default left. */
  readonly align?: "left" | "right" | undefined;
  /** Longer texts go on in the next line. */
  readonly maxWidth?: number | undefined;
}

const noLines = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
    [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((name) => [name, ""]),
  ),
);

/** Lines of aligned columns without borders, the titles dimmed. A column whose cells are all empty is left out. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  paint: Paint,
): readonly string[] {
  const used = columns
    .map((column, n) => ({ column, cells: rows.map((row) => readCell(row[n] ?? "")) }))
    .filter(({ cells }) => cells.some(({ lines }) => lines.some((line) => line !== "")));
  const drawn = new Table({
    head: used.map(({ column }) => paint("dim", column.title)),
    chars: { ...noLines, "mid-mid": "", middle: "  " },
    colAligns: used.map(({ column }) => column.align ?? "left"),
    colWidths: used.map(({ column, cells }) => widthOf(column, cells)),
    wordWrap: true,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  for (const n of rows.keys())
    drawn.push(
      used.map(({ cells }) => {
        const { lines = [], style = "plain" } = cells[n] ?? {};
        return paint(style, lines.join("\n"));
      }),
    );
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}

interface ReadCell {
  readonly lines: readonly string[];
  readonly style: Style;
}

function readCell(cell: Cell): ReadCell {
  const { text, style } =
    typeof cell === "object" && "text" in cell ? cell : { text: cell, style: "plain" as const };
  return { lines: (typeof text === "string" ? [text] : text).map(printable), style };
}

/** Undefined lets the table measure; a width is given only where text has to be broken. */
function widthOf({ maxWidth }: Column, cells: readonly ReadCell[]): number | null {
  if (maxWidth === undefined) return null;
  const longest = Math.max(...cells.flatMap(({ lines }) => lines.map((line) => line.length)));
  return longest > maxWidth ? maxWidth : null;
}
