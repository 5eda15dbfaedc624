import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findEtcd } from "@rollcall/testing";
import { interruptSignal } from "@rollcall/testing/fleet";
import { removeStaleNamespaces } from "./harness/network.js";
import { boundText, figureText, holds, type Row } from "./harness/row.js";
import { runRow, type RowResult } from "./harness/run-row.js";
import { pageWith } from "./report/page.js";
import { resultTable, summarize } from "./report/summary.js";
import { textTable } from "./report/text-table.js";
import { rows } from "./rows/index.js";

const page = fileURLToPath(new URL("../../docs/fault-matrix.md", import.meta.url));
const usage = `faults: runs the fault matrix with real processes

  --only <row>   one row; more than once for several
  --quick        leaves out the rows that take minutes
  --list         names the rows
  --json         ends with one line of JSON; all else goes to stderr

It writes docs/fault-matrix.md when no row was left out. Exit code 1: a row failed; 2: could not run; 130: interrupted.
`;

interface Flags {
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly list: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

function flags(): Flags {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      quick: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false, short: "h" },
    },
  });
  return values;
}

/** @throws Error that lists the names when there is no such row */
function chosen(only: readonly string[]): readonly Row[] {
  if (only.length === 0) return rows;
  return only.map((name) => {
    const found = rows.find((row) => row.name === name);
    if (found) return found;
    throw new Error(`--only ${name}: no such row; there are ${rows.map((row) => row.name).join(", ")}`);
  });
}

async function runAll(
  all: readonly Row[],
  quick: boolean,
  say: (line: string) => void,
): Promise<RowResult[]> {
  const interrupted = interruptSignal(say);
  const results: RowResult[] = [];
  for (const [n, row] of all.entries()) {
    if (interrupted.aborted) break;
    say(`\n[${n + 1}/${all.length}] ${row.name}: ${row.fault} (${row.inject})`);
    const skip = quick && row.pace === "long" ? "takes minutes, and this is --quick" : undefined;
    const result = await runRow(row, { signal: interrupted, note: (line) => say(`    ${line}`), skip });
    if (!interrupted.aborted) results.push(result);
    for (const line of progress(result)) say(`    ${line}`);
  }
  interrupted.throwIfAborted();
  return results;
}

function progress({ row, state, measured, why, tookMs, load }: RowResult): string[] {
  if (state === "skipped") return [`SKIPPED: ${why}`];
  const figures = Object.entries(row.bounds).map(([name, bound]) => {
    const verdict = holds(bound, measured[name]) ? "" : "  <- FAILED";
    return `${bound.what}: ${figureText(bound, measured[name])} (${boundText(bound)})${verdict}`;
  });
  const [before, after] = load.map((each) => each.toFixed(1));
  const took = `${(tookMs / 1000).toFixed(0)} s, load ${before} to ${after}`;
  return [...figures, ...(why === undefined ? [] : [`FAILED: ${why}`]), `${state} (${took})`];
}

function etcdVersion(): string {
  const binary = findEtcd();
  if (binary === undefined) return "the embedded etcd";
  const { stdout } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  return `etcd ${/etcd Version: (\S+)/.exec(stdout)?.[1] ?? "of unknown version"}`;
}

async function main(): Promise<number> {
  const { only, quick, list, json, help } = flags();
  const out = json ? process.stderr : process.stdout;
  const say = (line: string): void => void out.write(`${line}\n`);
  if (help) return (say(usage), 0);
  const all = chosen(only);
  if (list) {
    for (const line of textTable(all.map((row) => [row.name, row.pace, row.fault]))) say(line);
    return 0;
  }
  removeStaleNamespaces();
  const results = await runAll(all, quick, say);
  say("");
  for (const line of resultTable(results)) say(line);
  const summary = summarize(results);
  say(`\n${summary.held} of ${summary.rows} rows held, ${summary.failed.length} failed`);
  if (summary.skipped > 0) say(`SKIPPED: ${summary.skipped} rows, so this says nothing of them`);
  if (only.length === 0 && !quick) {
    writeFileSync(page, pageWith(existsSync(page) ? readFileSync(page, "utf8") : "", results, etcdVersion()));
    say("docs/fault-matrix.md is written");
  }
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.failed.length === 0 ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  const interrupted = error instanceof Error && error.message === "interrupted";
  if (!interrupted) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(interrupted ? 130 : 2);
}
