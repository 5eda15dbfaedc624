import { paintWith } from "../output/paint.js";
import { printable, toJson } from "../output/printable.js";
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
    if (event.event === "registry") registry = registryHint(event);
    if (event.event !== "serving" || hinted) return;
    hinted = true;
    const stop = `${keys ? "r + Enter restarts, " : ""}Ctrl-C stops`;
    const hint = `try rollcall ls and rollcall call${registry} in another terminal; ${stop}`;
    terminal.err(`${paint("dim", "dev")} ${paint("dim", hint)}`);
  };
}

/** What another command has to be told to find the same registry. */
function registryHint({ url, kind }: Extract<DevEvent, { readonly event: "registry" }>): string {
  // Shown without what it takes to use it, such as a password.
  if (kind === "given") return " with the same ROLLCALL_REGISTRY";
  return url === defaultRegistry ? "" : ` with --registry ${printable(url)}`;
}
