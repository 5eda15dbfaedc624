import { paintWith } from "../output/paint.js";
import { toJson } from "../output/printable.js";
import type { Terminal } from "../terminal.js";
import type { DevEvent } from "./events.js";
import { statusLines } from "./status-line.js";

/** Where commands look unless told otherwise. */
const defaultRegistry = "etcd://127.0.0.1:2379";

export interface DevReportOptions {
  /** One line of JSON per event, on standard output. */
  readonly json: boolean;
  /** Whether somebody can type. */
  readonly keys: boolean;
}

/** Shows events: to people on standard error, beside the service's log, and with what they can do once it serves. */
export function devReport(terminal: Terminal, { json, keys }: DevReportOptions): (event: DevEvent) => void {
  if (json) return (event) => terminal.out(toJson(event));
  const paint = paintWith(terminal.color);
  let registry = "";
  let hinted = false;
  return (event) => {
    for (const line of statusLines(event, paint)) terminal.err(line);
    if (event.event === "registry" && event.url !== defaultRegistry) registry = ` --registry ${event.url}`;
    if (event.event !== "serving" || hinted) return;
    hinted = true;
    const text = `try rollcall ls${registry} or rollcall call${registry} in another terminal; ${keys ? "r + Enter restarts, " : ""}Ctrl-C stops`;
    terminal.err(`${paint("dim", "dev")} ${paint("dim", text)}`);
  };
}
