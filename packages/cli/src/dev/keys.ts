import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Calls `restart` at each line `r`. The terminal stays as it is: whole lines, with its own echo and Ctrl-C. */
export function followKeys(input: Readable, restart: () => void): Disposable {
  const lines = createInterface({ input, terminal: false });
  lines.on("line", (line) => {
    if (line.trim() === "r") restart();
  });
  return {
    [Symbol.dispose]() {
      lines.close();
      input.destroy();
    },
  };
}
