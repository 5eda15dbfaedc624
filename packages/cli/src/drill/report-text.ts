import { formatReceipt } from "@rollcall/testing/fleet";
import type { Paint } from "../output/paint.js";
import { printable } from "../output/printable.js";
import { passed, type DrillReport, type ExplainedDrop } from "./drill-report.js";

const refused =
  "the service refused every call, which proves that it got them; with a request that it accepts, given by --call, " +
  "latencies say more";

/** What a drill found, for a terminal: the receipt's tables, the first dropped call explained, and the verdict. */
export function reportText(report: DrillReport, paint: Paint, color: boolean): readonly string[] {
  const { receipt, firstDropped, problems, skipped, logs } = report;
  const [first, ...more] = firstDropped;
  return [
    ...formatReceipt({ ...receipt, firstDropped: [] }, { color })
      .trimEnd()
      .split("\n"),
    ...(first ? ["", paint("bold", `the first dropped ${first.kind}`), ...explained(first)] : []),
    ...alike(more).map(([text, count]) => printable(`  then ${count} x ${text}`)),
    ...skipped.map(({ name, why }) => paint("yellow", `${name} was skipped: ${why}`)),
    ...(receipt.ok === 0 && receipt.appErrors > 0 ? [paint("yellow", refused)] : []),
    ...problems.map((problem) => paint("red", printable(problem))),
    ...(passed(report) ? [] : [`logs of the instances: ${logs}`]),
  ];
}

/** In the order of their first. */
function alike(drops: readonly ExplainedDrop[]): readonly (readonly [text: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const { kind, instance, step, error } of drops) {
    const text = `a ${kind} on ${instance} during ${step}: ${error}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts];
}

function explained({ step, instance, after, kind, latencyMs, error }: ExplainedDrop): readonly string[] {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["step", step],
    ["instance", instance],
    ["when", after],
    ["waited", kind === "call" ? `${latencyMs.toFixed(0)} ms` : undefined],
    ["error", error],
  ];
  return rows.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(9)} ${printable(value)}`],
  );
}
