import { createLogUpdate } from "log-update";

/** Where a command writes. */
export interface Terminal {
  /** Results, a line at a time. */
  out(line: string): void;
  /** Errors and progress, a line at a time. */
  err(line: string): void;
  /** Whether `err` may carry colours. */
  readonly color: boolean;
  /** Where results go, when that is a terminal. */
  readonly screen?: Screen | undefined;
}

/** A terminal that shows results. */
export interface Screen {
  /** Whether results may carry colours. */
  readonly color: boolean;
  /** Shows text in place of what it was called with before. */
  redraw(text: string): void;
  /** Leaves the last text where it is. */
  keep(): void;
}

/** The process's own streams; colours unless `NO_COLOR` is set or a stream is no terminal. */
export function processTerminal(): Terminal {
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    color: colorWanted(process.stderr),
    screen: process.stdout.isTTY ? screenOn(process.stdout) : undefined,
  };
}

function screenOn(stream: NodeJS.WriteStream): Screen {
  const live = createLogUpdate(stream);
  return { color: colorWanted(stream), redraw: (text) => live(text), keep: () => live.done() };
}

function colorWanted(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
}
