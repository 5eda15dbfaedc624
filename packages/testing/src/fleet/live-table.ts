import { styleText } from "node:util";
import { systemClock, type Clock } from "@rollcall/core";
import Table from "cli-table3";
import { createLogUpdate } from "log-update";
import { colorWanted } from "./format-receipt.js";

/** One line of the table. */
export interface LiveRow {
  readonly instance: string;
  readonly version?: string | undefined;
  /** `serving`, `stopping`, ... */
  readonly state: string;
  readonly callsPerSecond: number;
  readonly inFlight?: number | undefined;
  readonly errors: number;
}

/** Where a live table is shown. */
export interface LiveTableOptions {
  /** Default: stdout. */
  readonly stream?: NodeJS.WriteStream | undefined;
  /** Default: as the stream says. False writes plain lines. */
  readonly live?: boolean | undefined;
  /** Between two plain lines. Default 5000. */
  readonly plainEveryMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** A table that changes while something runs. */
export interface LiveTable {
  /** Redraws in place; without a terminal a line of text, at most one per `plainEveryMs`. */
  update(title: string, rows: readonly LiveRow[]): void;
  /** Writes a line that stays, above the table. */
  note(line: string): void;
  /** Leaves the last table standing and shows the cursor again. */
  done(): void;
}

/** A table of a fleet, redrawn in place in a terminal. Colours heed `NO_COLOR`. */
export function createLiveTable(options: LiveTableOptions = {}): LiveTable {
  const stream = options.stream ?? process.stdout;
  const live = options.live ?? (stream.isTTY && process.env["TERM"] !== "dumb");
  return live ? inPlace(stream) : plain(stream, options.plainEveryMs ?? 5000, options.clock ?? systemClock);
}

function inPlace(stream: NodeJS.WriteStream): LiveTable {
  const log = createLogUpdate(stream);
  const color = colorWanted(stream);
  return {
    update: (title, rows) => log(`${title}\n${tableOf(rows, color)}`),
    note: (line) => log.persist(line),
    done: () => log.done(),
  };
}

function plain(stream: NodeJS.WriteStream, everyMs: number, clock: Clock): LiveTable {
  let nextMs = -Infinity;
  return {
    update(title, rows) {
      if (clock.now() < nextMs) return;
      nextMs = clock.now() + everyMs;
      const each = rows.map((row) => `${row.instance} ${row.state} ${row.callsPerSecond.toFixed(0)}/s`);
      stream.write(`${title}: ${each.join(", ")}\n`);
    },
    note: (line) => void stream.write(`${line}\n`),
    done() {},
  };
}

/** A column that no row fills is left out. */
function tableOf(rows: readonly LiveRow[], color: boolean): string {
  const columns = allColumns.filter(({ name }) => rows.some((row) => row[name] !== undefined));
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push(columns.map(({ name }) => cell(row, name, color)));
  return table.toString();
}

const allColumns = [
  { name: "instance", title: "instance", align: "left" },
  { name: "version", title: "version", align: "left" },
  { name: "state", title: "state", align: "left" },
  { name: "callsPerSecond", title: "calls/s", align: "right" },
  { name: "inFlight", title: "in flight", align: "right" },
  { name: "errors", title: "errors", align: "right" },
] as const satisfies readonly { readonly name: keyof LiveRow; title: string; align: "left" | "right" }[];

function cell(row: LiveRow, name: keyof LiveRow, color: boolean): string | number {
  if (name === "state") return stateOf(row.state, color);
  if (name === "callsPerSecond") return row.callsPerSecond.toFixed(0);
  return row[name] ?? "";
}

function stateOf(state: string, color: boolean): string {
  if (!color) return state;
  const style = state === "serving" ? "green" : state === "exited" ? "red" : "yellow";
  return styleText(style, state, { validateStream: false });
}
