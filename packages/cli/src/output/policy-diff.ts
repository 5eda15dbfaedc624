import type { RolloutPolicy } from "@rollcall/core";
import { structuredPatch } from "diff";
import stringify from "json-stringify-pretty-compact";
import type { Paint, Style } from "./paint.js";
import { printable } from "./printable.js";

const styles: Readonly<Record<string, Style>> = { "-": "red", "+": "green", "@": "cyan" };

/** The documents of a service before and after a change, as a unified diff. */
export function policyDiff(
  service: string,
  before: RolloutPolicy | undefined,
  after: RolloutPolicy,
  paint: Paint,
): readonly string[] {
  const name = `rollout/${service}`;
  const { hunks } = structuredPatch(name, name, pretty(before), pretty(after), "", "", { context: 3 });
  const lines = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    // The documents have no last line end, of which the patch would tell.
    ...lines.filter((line) => !line.startsWith("\\")),
  ]);
  const from = before ? `gen ${before.gen}` : "no document";
  return [
    paint("bold", `--- ${name} (${from})`),
    paint("bold", `+++ ${name} (gen ${after.gen})`),
    ...lines.map((line) => paint(styles[line.slice(0, 1)] ?? "plain", printable(line))),
  ];
}

function pretty(policy: RolloutPolicy | undefined): string {
  return policy ? stringify(policy, { maxLength: 90 }) : "";
}
