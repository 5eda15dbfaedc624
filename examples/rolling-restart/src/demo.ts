import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startRegistry } from "@rollcall/testing";
import {
  createLiveTable,
  createReceipt,
  createServedLedger,
  formatReceipt,
  startCaller,
  startFleet,
  type LiveTable,
  type MemberStart,
  type ProcessCommand,
} from "@rollcall/testing/fleet";
import { liveRows, versionOf } from "./live-rows.js";
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

  const rows = liveRows(fleet, caller, ledger);
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

function script(name: string, env: Record<string, string>): ProcessCommand {
  return { args: ["--enable-source-maps", fileURLToPath(new URL(name, import.meta.url))], env };
}

/** @returns the exit code: 0 nothing dropped, 1 something dropped, 2 could not run, 130 interrupted */
async function main(): Promise<number> {
  const { json } = parseArgs({ options: { json: { type: "boolean", default: false } } }).values;
  const table = createLiveTable(json ? { stream: process.stderr, live: false } : {});
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // The second time at once: what is left gets SIGKILL when this process exits.
      if (interrupt.signal.aborted) process.exit(130);
      table.note(`${signal}: ending everything (once more to do it at once)`);
      interrupt.abort(new Error("interrupted"));
    });
  }
  try {
    const findings = await demo(table, interrupt.signal);
    const found = failures(findings);
    if (json) process.stdout.write(`${jsonLine(findings)}\n`);
    else process.stdout.write(`\n${formatReceipt(findings.receipt)}`);
    for (const each of found) process.stderr.write(`${each}\n`);
    return found.length === 0 ? 0 : 1;
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 2;
  }
}

process.exit(await main());
