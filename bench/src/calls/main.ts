import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { leave } from "../processes/leave.js";
import { sectionText, type Section } from "../section.js";
import { screenTable } from "../table.js";
import { ratiosOf } from "./figures.js";
import { OptionError, readOptions, usage, type BenchOptions } from "./options.js";
import { otherFigures } from "./other-figures.js";
import { bringPeers } from "./peers/at-hand.js";
import { resultsPage } from "./results-page.js";
import { run, type CellResult } from "./run.js";
import { surroundings } from "./surroundings.js";
import { cellTable, cellTitle, memoryTable } from "./tables.js";

const page = fileURLToPath(new URL("../../RESULTS.md", import.meta.url));

async function bench(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const say = (line: string): void => console.error(line);
  // With --json, one line alone is for programs.
  const show = options.json ? say : (line: string): void => console.log(line);
  const { kinds, binaries, left } = await bringPeers(options.kinds, say, signal);
  if (options.named && left.length > 0) throw new Error("not all of --kinds can be measured: see above");
  const cells: CellResult[] = [];
  const onCell = (cell: CellResult): void => {
    cells.push(cell);
    show(`\n${cellTitle(cell)}\n${screenTable(cellTable(cell))}`);
  };
  const peaks = await run({ ...options, kinds, binaries, signal, onCell });
  show(`\npeak RSS\n${screenTable(memoryTable(peaks))}`);
  const { out } = options;
  if (out !== undefined) {
    const write = (sections: readonly Section[]): void =>
      writeFileSync(out, resultsPage({ ...options, ...surroundings(kinds), cells, peaks, left, sections }));
    // These have taken minutes already: what comes next must not lose them.
    write([]);
    if (options.whole) {
      const sections = await otherFigures(signal);
      for (const section of sections) show(sectionText(section));
      write(sections);
    }
    say(`\nwritten: ${out}`);
  }
  if (options.json) console.log(JSON.stringify({ ratios: ratiosOf(cells) }));
}

const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupt.abort());
try {
  const options = readOptions(process.argv.slice(2), page);
  if (options) await bench(options, interrupt.signal);
  else console.log(usage);
} catch (error) {
  if (interrupt.signal.aborted) {
    console.error("interrupted");
    process.exitCode = 130;
  } else {
    console.error(`bench: ${(error as Error).message}`);
    process.exitCode = error instanceof OptionError ? 2 : 1;
  }
}
leave();
