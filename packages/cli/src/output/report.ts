import type { Terminal } from "../terminal.js";
import { paintWith, type Paint } from "./paint.js";
import { printable } from "./printable.js";

/** How a command shows its results. */
export interface Report {
  readonly json: boolean;
  readonly paint: Paint;
  /** A line, already printable. */
  out(line: string): void;
  /** Says what the user should know though the command goes on; made printable. */
  warn(text: string): void;
}

/** Results as lines for people, coloured in a terminal, or as JSON. */
export function reportOn(
  terminal: Terminal,
  { json = false }: { readonly json?: boolean | undefined },
): Report {
  const warning = paintWith(terminal.color)("yellow", "warning:");
  return {
    json,
    paint: paintWith(!json && terminal.screen?.color === true),
    out: (line) => terminal.out(line),
    warn: (text) => terminal.err(`${warning} ${printable(text)}`),
  };
}
