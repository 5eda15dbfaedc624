import { Contender, type Cell, type PeakRss, type Round } from "./contender.js";
import { rotated } from "./rotated.js";

/** What all kinds have done under one load: their rounds, in the order in which they were measured. */
export interface CellResult extends Cell {
  readonly rounds: ReadonlyMap<string, readonly Round[]>;
}

/** What is measured, and how. */
export interface Run {
  readonly kinds: readonly string[];
  readonly binaries: Readonly<Record<string, string>>;
  readonly cells: readonly Cell[];
  readonly rounds: number;
  readonly ms: number;
  readonly signal: AbortSignal;
  /** Told of each cell once it is measured. */
  onCell(result: CellResult): void;
}

/**
 * What comes before all that is measured, for each kind: so many calls that its code is compiled, as it is in a process that has
 * been up for a while. With one call at a time that would take minutes.
 */
const warmUp = { concurrency: 64, rounds: 3 };

/** All kinds run all the time, and take turns, so that what disturbs the machine disturbs all of them. */
export async function run(plan: Run): Promise<ReadonlyMap<string, PeakRss>> {
  const contenders: Contender[] = [];
  try {
    for (const kind of plan.kinds)
      contenders.push(await Contender.start(kind, plan.binaries[kind], plan.signal));
    const [first] = plan.cells;
    if (first)
      for (const contender of contenders)
        await contender.round({ ...first, concurrency: warmUp.concurrency }, warmUp.rounds * plan.ms);
    for (const cell of plan.cells) plan.onCell(await measure(contenders, cell, plan));
    const peaks = new Map<string, PeakRss>();
    for (const contender of contenders) peaks.set(contender.name, await contender.peakRss());
    return peaks;
  } finally {
    await Promise.all(contenders.map((contender) => contender[Symbol.asyncDispose]()));
  }
}

async function measure(
  contenders: readonly Contender[],
  cell: Cell,
  { rounds, ms }: Run,
): Promise<CellResult> {
  const seen = new Map<string, Round[]>(contenders.map(({ name }) => [name, []]));
  // What is not counted either: connections that are not open, buffers of another size.
  for (const contender of contenders) await contender.round(cell, Math.ceil(ms / 2));
  for (let round = 0; round < rounds; round++)
    for (const contender of rotated(contenders, round))
      seen.get(contender.name)!.push(await contender.round(cell, ms));
  return { ...cell, rounds: seen };
}
