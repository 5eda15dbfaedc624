import { styleText } from "node:util";
import Table from "cli-table3";
import type { InstanceReceipt, Receipt, StepReceipt } from "./receipt.js";

type Row = (string | number)[];
type Style = Parameters<typeof styleText>[0];

/** How a receipt is shown. */
export interface FormatOptions {
  /** Default: as the terminal and `NO_COLOR` say. */
  readonly color?: boolean | undefined;
}

/** The receipt as tables for a terminal: the steps, the instances, the verdict, and the first dropped calls. */
export function formatReceipt(receipt: Receipt, options: FormatOptions = {}): string {
  const color = options.color ?? colorWanted(process.stdout);
  const paint = (style: Style, text: string): string =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const instances = Object.entries(receipt.perInstance);
  const told = instances.some(([, one]) => one.served > 0);
  const parts = [
    table(stepHead, receipt.steps.map(stepRow), paint),
    told
      ? table([...instanceHead, "served", "twice"], instances.map(servedRow), paint)
      : table(instanceHead, instances.map(instanceRow), paint),
    ...verdict(receipt, told, paint),
  ];
  return `${parts.join("\n")}\n`;
}

/** Whether to write colours to a stream: a terminal, and neither `NO_COLOR` nor `TERM=dumb`. */
export function colorWanted(stream: { readonly isTTY?: boolean | undefined }): boolean {
  return stream.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
}

const stepHead = ["step", "calls", "ok", "app errors", "cancelled", "dropped", "retried", "max ms", "gap ms"];

function stepRow(step: StepReceipt): Row {
  const { name, calls, ok, appErrors, cancelled, dropped, retried } = step;
  return [name, calls, ok, appErrors, cancelled, dropped, retried, whole(step.maxMs), whole(step.gapMs)];
}

const instanceHead = ["instance", "calls", "ok", "dropped", "retried", "p50 ms", "p99 ms", "max ms"];

function servedRow(entry: [string, InstanceReceipt]): Row {
  const [, { served, duplicates }] = entry;
  return [...instanceRow(entry), served, duplicates];
}

function instanceRow([name, one]: [string, InstanceReceipt]): Row {
  const { calls, ok, dropped, retried } = one;
  return [name, calls, ok, dropped, retried, tenth(one.p50Ms), tenth(one.p99Ms), whole(one.maxMs)];
}

/** @param told whether the servers have counted what they ran */
function verdict(receipt: Receipt, told: boolean, paint: (style: Style, text: string) => string): string[] {
  const { calls, ok, appErrors, cancelled, dropped, attempts, retried, streams } = receipt;
  const lines = [
    `calls     ${calls} = ${ok} ok + ${appErrors} app errors + ${cancelled} cancelled + ${dropped} dropped`,
    `attempts  ${attempts} = ${calls} calls + ${retried} retried`,
    `streams   ${streams.opened} opened, ${streams.completed} completed, ${streams.reopened} reopened, ` +
      `${streams.dropped} dropped, ${streams.messages} messages`,
    `latency   p50 ${tenth(receipt.p50Ms)} ms, p99 ${tenth(receipt.p99Ms)} ms, max ${whole(receipt.maxMs)} ms` +
      (receipt.gapMs > 0 ? `; nobody could serve for ${whole(receipt.gapMs)} ms` : ""),
    `fleet     ${receipt.restarts} restarts, ${receipt.kills} kills` +
      (told ? `, ${receipt.duplicates} requests run twice` : ""),
    "",
    dropped === 0 ? paint("green", "0 calls dropped") : paint("red", `${dropped} calls dropped`),
  ];
  for (const { kind, instance, step, latencyMs, error } of receipt.firstDropped) {
    const after = kind === "call" ? ` after ${whole(latencyMs)} ms` : "";
    lines.push(`  a ${kind} on ${instance} during "${step}"${after}: ${error}`);
  }
  return lines;
}

function table(head: string[], rows: Row[], paint: (style: Style, text: string) => string): string {
  const result = new Table({
    head: head.map((each) => paint("bold", each)),
    colAligns: head.map((_, index) => (index === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  result.push(...rows);
  return result.toString();
}

function whole(ms: number): string {
  return ms.toFixed(0);
}

function tenth(ms: number): string {
  return ms.toFixed(1);
}
