import { cpus, totalmem } from "node:os";
import { boundText, figureText, holds } from "../harness/row.js";
import type { RowResult } from "../harness/run-row.js";

const begin = "<!-- figures: written by `npx -y pnpm@12 faults` -->";
const end = "<!-- end of figures -->";

/** The page with new figures: what stands before and after the table stays. */
export function pageWith(page: string, results: readonly RowResult[], etcd: string, at = new Date()): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  const before = from < 0 ? `${page.trimEnd()}\n\n` : page.slice(0, from);
  const after = from < 0 || to < 0 ? "\n" : page.slice(to + end.length);
  return `${before}${begin}\n\n${figures(results, etcd, at)}\n\n${end}${after}`;
}

function figures(results: readonly RowResult[], etcd: string, at: Date): string {
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB of memory`;
  const measured = `Measured on ${at.toISOString().slice(0, 10)}: ${machine}, Node ${process.versions.node}, ${etcd}.`;
  const head = ["Row", "Fault", "How it is made", "Must hold", "Measured"];
  const lines = [head, head.map(() => "---"), ...results.map(lineOf)];
  return [measured, "", ...lines.map((cells) => `| ${cells.join(" | ")} |`)].join("\n");
}

function lineOf({ row, state, measured, why }: RowResult): string[] {
  const bounds = Object.entries(row.bounds);
  const must = bounds.map(([, bound]) => `${bound.what}: ${boundText(bound)}`);
  const found = bounds.map(([name, bound]) => {
    const text = figureText(bound, measured[name]);
    return holds(bound, measured[name]) ? text : `**${text}**`;
  });
  const last =
    state === "skipped"
      ? `skipped: ${why}`
      : [...found, ...(why === undefined ? [] : [`**${why}**`])].join("<br>");
  return [`\`${row.name}\``, row.fault, row.inject, must.join("<br>"), last].map((cell) =>
    cell.replaceAll("|", "\\|").replaceAll("\n", " "),
  );
}
