import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startRegistry } from "@rollcall/testing";
import {
  createLiveTable,
  createReceipt,
  createServedLedger,
  formatReceipt,
  interruptSignal,
  liveRows,
  startCaller,
  startFleet,
  type LiveTable,
  type MemberStart,
  type ProcessCommand,
} from "@rollcall/testing/fleet";
import { runSequence } from "./sequence.js";
import { failures, jsonLine, type Findings } from "./summary.js";

const ratePerSecond = 500;

/** Runs the demo; everything that it started has ended when it returns or throws. */
async function demo(table: LiveTable, signal: AbortSignal): Promise<Findings> {
  await using registry = await startRegistry();
  table.note(`registry: ${registry.kind} at ${registry.url}`);
  const env = { ROLLCALL_REGISTRY: registry.url, ROLLCALL_HOST: "127.0.0.1", ROLLCALL_LOG_FORMAT: "json" };
  const recorder = createReceipt();
  const ledger = createServedLedger();

  signal.throwIfAborted();
  await using fleet = await startFleet({
    size: 3,
    name: "orders",
    command: ({ run, port }: MemberStart) =>
      script("service.js", { ...env, ROLLCALL_PORT: `${port}`, ROLLCALL_VERSION: versionOf(run) }),
  });
  fleet.onMessage((member, message) =>
    ledger.heard(member.current.serving?.instance ?? member.name, message),
  );

  signal.throwIfAborted();
  await using caller = await startCaller(script("caller.js", { ...env, DEMO_RATE: `${ratePerSecond}` }));

  const rows = liveRows({
    fleet,
    caller,
    more: ({ runs }, instance) => ({ version: versionOf(runs - 1), inFlight: ledger.inFlight(instance) }),
  });
  const title = (): string => {
    const { totals, inFlight } = caller.progress;
    return `${totals.calls} calls, ${totals.dropped} dropped, ${totals.retried} retried, ${inFlight} in flight`;
  };
  const redraw = setInterval(() => table.update(title(), rows()), 500);
  try {
    await runSequence({ fleet, caller, recorder, signal, note: (line) => table.note(line) });
    const { data, durationMs } = await caller.finish();
    ledger.writeTo(recorder);
    const receipt = recorder.add(data).receipt();
    const placedTwice = ledger.duplicates.filter((id) => id.startsWith("place-"));
    return { registry: registry.kind, receipt, placedTwice, callsDue: (ratePerSecond * durationMs) / 1000 };
  } finally {
    clearInterval(redraw);
    table.done();
  }
}

/** Each restart brings the next version, as a deploy would. */
function versionOf(run: number): string {
  return `1.${run}.0`;
}

function script(name: string, env: Record<string, string>): ProcessCommand {
  return { args: ["--enable-source-maps", fileURLToPath(new URL(name, import.meta.url))], env };
}

/** @returns the exit code: 0 nothing dropped, 1 something dropped, 2 could not run, 130 interrupted */
async function main(): Promise<number> {
  const { json } = parseArgs({ options: { json: { type: "boolean", default: false } } }).values;
  const table = createLiveTable(json ? { stream: process.stderr, live: false } : {});
  const interrupted = interruptSignal((line) => table.note(line));
  try {
    const findings = await demo(table, interrupted);
    const found = failures(findings);
    if (json) process.stdout.write(`${jsonLine(findings)}\n`);
    // Beside a line of JSON only what there is to explain.
    if (!json || found.length > 0)
      (json ? process.stderr : process.stdout).write(`\n${formatReceipt(findings.receipt)}`);
    for (const each of found) process.stderr.write(`${each}\n`);
    return found.length === 0 ? 0 : 1;
  } catch (error) {
    if (interrupted.aborted) return 130;
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 2;
  }
}

process.exit(await main());
