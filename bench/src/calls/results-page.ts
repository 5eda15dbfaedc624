import { sectionParts, type Section } from "../section.js";
import { markdownTable } from "../table.js";
import type { PeakRss } from "./contender.js";
import { cellTable, cellTitle, memoryTable } from "./tables.js";
import type { CellResult } from "./run.js";
import type { Surroundings } from "./surroundings.js";

/** What the page is made of. */
export interface Results extends Surroundings {
  readonly rounds: number;
  readonly ms: number;
  readonly cells: readonly CellResult[];
  readonly peaks: ReadonlyMap<string, PeakRss>;
  readonly left: readonly { readonly kind: string; readonly why: string }[];
  /** The other figures. */
  readonly sections: readonly Section[];
}

/** The page of results, in Markdown. */
export function resultsPage(results: Results): string {
  const { date, machine, node, versions, rounds, ms, cells, peaks, left, sections } = results;
  const parts = [
    "# Results",
    "Written by `npx -y pnpm@12 bench`, as measured. [What is compared, and how](README.md).",
    [
      `- Date: ${date}`,
      `- Machine: ${machine}`,
      `- Node ${node.replace(/^v/, "")}${versions.map((version) => `, ${version}`).join("")}`,
      `- Each figure: the median of ${rounds} rounds of ${ms / 1000} s, in which all kinds took turns; min-max beside it`,
      "- x grpc-js: calls per second relative to raw grpc-js in the same round",
      ...left.map(({ kind, why }) => `- Not measured: ${kind} (${why.replaceAll("\n", " ")})`),
    ].join("\n"),
    "## Unary calls",
    ...cells.flatMap((cell) => [`### ${cellTitle(cell)}`, markdownTable(cellTable(cell))]),
    "## Memory under these loads",
    "The most that each process has taken (peak RSS), all loads above together.",
    markdownTable(memoryTable(peaks)),
    ...sections.flatMap(sectionParts),
  ];
  return `${parts.join("\n\n")}\n`;
}
