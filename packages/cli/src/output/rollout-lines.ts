import { isActive, percentOf, type VersionAnalysis } from "@rollcall/app/rollout";
import type { Rollout, RolloutPolicy, RolloutState } from "@rollcall/core";
import { roughDuration } from "../duration.js";
import { policyWords } from "../policy/policy-words.js";
import { waitsFor, type Release, type RolloutStatus } from "../rollout/rollout-status.js";
import { formatPercent, formatRate } from "../share.js";
import type { Paint, Style } from "./paint.js";
import { printable } from "./printable.js";
import { table, type Cell, type Column } from "./table.js";

const styles: Readonly<Record<RolloutState, Style>> = {
  running: "cyan",
  paused: "yellow",
  promoted: "green",
  aborted: "red",
};

const versionColumns: readonly Column[] = [
  { title: "version" },
  { title: "attempts", align: "right" },
  { title: "failures", align: "right" },
  { title: "error rate", align: "right" },
  { title: "p99", align: "right" },
];

const factColumns: readonly Column[] = [{ title: "" }, { title: "", maxWidth: 82 }];

/** A service's rollout at one look: a block of lines. */
export function rolloutLines(
  { service, policy, fault, release }: RolloutStatus,
  nowMs: number,
  paint: Paint,
): readonly string[] {
  const name = paint("bold", service);
  if (fault !== undefined) return [`${name}  ${paint("red", `not a policy: ${printable(fault)}`)}`];
  if (!policy || !release)
    return [
      `${name}  ${paint("dim", policy ? `no rollout; ${printable(policyWords(policy).join("; "))}` : "no policy")}`,
    ];
  const { rollout } = release;
  const { from, to, state, startedAt } = rollout;
  const age = roughDuration((isActive(rollout) ? nowMs : policy.at) - startedAt);
  return [
    `${name}  ${printable(`${from} -> ${to}`)}  ${paint(styles[state], state)} ${isActive(rollout) ? "for" : "after"} ${age}`,
    `  ${stepBar(rollout, paint)}`,
    ...table(versionColumns, versionRows(release), paint).map((line) => `  ${line}`),
    // The titles of facts are empty.
    ...table(factColumns, factRows(policy, release, nowMs), paint)
      .slice(1)
      .map((line) => `  ${line}`),
  ];
}

/** A rollout in one line without colours, for where lines follow each other. */
export function rolloutLine({ service, policy, fault, release }: RolloutStatus): string {
  if (fault !== undefined) return printable(`${service}: not a policy: ${fault}`);
  if (!policy || !release) return printable(`${service}: ${policy ? "no rollout" : "no policy"}`);
  const { rollout, analysis } = release;
  const seen = [analysis.canary, analysis.baseline].map(
    ({ version, attempts, errorRate, p99Ms }) =>
      `${version} ${attempts} attempts, ${rateText(errorRate) || "-"} failed, p99 ${msText(p99Ms) || "-"}`,
  );
  const awaited = waitsFor(release);
  const end = awaited.length > 0 ? `waits for ${awaited.join(", ")}` : policy.reason;
  return printable(
    `${service}: ${rollout.from} -> ${rollout.to} ${rollout.state}, ${positionText(rollout)}; ${seen.join("; ")}; ${end}`,
  );
}

function stepBar(rollout: Rollout, paint: Paint): string {
  const { steps, step, state } = rollout;
  const done = state === "promoted" ? steps.length : step + 1;
  const percents = steps.map((percent, n) => {
    const text = formatPercent(percent);
    if (n === step && isActive(rollout)) return paint("bold", `[${text}]`);
    return paint(n < done ? "plain" : "dim", text);
  });
  const bar = paint(styles[state], "■".repeat(done)) + paint("dim", "□".repeat(steps.length - done));
  return `${bar}  ${percents.join("  ")}`;
}

function positionText({ steps, step, state }: Rollout): string {
  if (state === "promoted") return "100 %";
  const percent = state === "aborted" ? 0 : percentOf({ steps, step });
  return `${formatPercent(percent)} (step ${step + 1} of ${steps.length})`;
}

function versionRows({ rollout, analysis }: Release): readonly (readonly Cell[])[] {
  const { canary, baseline } = analysis;
  const { minSamples, maxErrorRate, maxP99Ratio } = rollout;
  const slowest = maxP99Ratio && baseline.p99Ms ? msText(baseline.p99Ms * maxP99Ratio) : "";
  const limit = [
    "wanted",
    `>= ${countText(minSamples)}`,
    "",
    `<= ${formatRate(maxErrorRate)}`,
    slowest && `<= ${slowest}`,
  ];
  return [versionRow(canary), versionRow(baseline), limit.map((text) => ({ text, style: "dim" as const }))];
}

function versionRow({ version, attempts, failures, errorRate, p99Ms }: VersionAnalysis): readonly Cell[] {
  return [version, countText(attempts), countText(failures), rateText(errorRate), msText(p99Ms)];
}

function factRows(policy: RolloutPolicy, release: Release, nowMs: number): readonly (readonly Cell[])[] {
  const { rollout, analysis, controller } = release;
  const { by, reason, at } = policy;
  const label = (text: string): Cell => ({ text, style: "dim" });
  const callers = `${analysis.callers} ${analysis.callers === 1 ? "caller" : "callers"}`;
  return [
    ...(isActive(rollout)
      ? [
          [label("waits for"), waitsFor(release)],
          [
            label("controller"),
            controller === undefined ? { text: "none", style: "yellow" as const } : controller,
          ],
          [label("seen by"), callers],
        ]
      : []),
    [label("last change"), `${roughDuration(nowMs - at)} ago by ${by}${reason ? `: ${reason}` : ""}`],
  ];
}

function countText(count: number): string {
  return count.toLocaleString("en-US");
}

function rateText(rate: number | undefined): string {
  return rate === undefined ? "" : formatRate(rate);
}

function msText(ms: number | undefined): string {
  if (ms === undefined) return "";
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`;
}
