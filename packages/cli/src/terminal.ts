/** Where a command writes. */
export interface Terminal {
  /** Results, a line at a time. */
  out(line: string): void;
  /** Errors and progress, a line at a time. */
  err(line: string): void;
  /** Whether `err` may carry colours. */
  readonly color: boolean;
}

/** The process's own streams; colours unless `NO_COLOR` is set or stderr is no terminal. */
export function processTerminal(): Terminal {
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    color: process.stderr.isTTY && !process.env["NO_COLOR"],
  };
}
