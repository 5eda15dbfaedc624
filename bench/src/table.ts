import Table from "cli-table3";

/** Figures to be shown: the first column has names, the others numbers. */
export interface Figures {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const noLines = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
    [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((name) => [name, ""]),
  ),
);

/** For a terminal: aligned columns without borders. */
export function screenTable({ heads, rows }: Figures): string {
  const table = new Table({
    head: [...heads],
    chars: { ...noLines, "mid-mid": "", middle: "  " },
    colAligns: heads.map((_, n) => (n === 0 ? "left" : "right")),
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

/** For a page: aligned in its source too. */
export function markdownTable({ heads, rows }: Figures): string {
  const widths = heads.map((head, n) => Math.max(3, head.length, ...rows.map((row) => row[n]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, n) => (n === 0 ? (cells[n] ?? "").padEnd(width) : (cells[n] ?? "").padStart(width))).join(" | ")} |`;
  const rule = widths.map((width, n) => (n === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(heads), line(rule), ...rows.map(line)].join("\n");
}
