import { spreadOf, type Spread } from "../spread.js";
import type { Round } from "./contender.js";
import type { CellResult } from "./run.js";

/** What the others are compared with: raw grpc-js. */
export const reference = "grpc-js";

/** A kind under one load. */
export interface Figures {
  readonly perSecond: Spread;
  /** Calls per second, relative to grpc-js in the same round. */
  readonly ratio: Spread;
  readonly p50Us: Spread;
  readonly p99Us: Spread;
  readonly clientCpuUs: Spread;
  readonly serverCpuUs: Spread;
  /** CPU time of a call in the client, relative to grpc-js in the same round. */
  readonly clientCpuRatio: Spread;
}

const perSecond = ({ calls, seconds }: Round): number => calls / seconds;

/** @throws Error when the kind or grpc-js was not measured */
export function figuresOf(kind: string, { rounds }: CellResult): Figures {
  const [own, other] = [rounds.get(kind), rounds.get(reference)];
  if (!own || !other) throw new Error(`no rounds of ${own ? reference : kind}`);
  const spread = (figure: (round: Round) => number): Spread => spreadOf(own.map(figure));
  // The two of a round stand seconds apart: the machine is the same for both.
  const relative = (figure: (round: Round) => number): Spread =>
    spreadOf(own.map((round, n) => figure(round) / figure(other[n]!)));
  return {
    perSecond: spread(perSecond),
    ratio: relative(perSecond),
    p50Us: spread(({ p50Us }) => p50Us),
    p99Us: spread(({ p99Us }) => p99Us),
    clientCpuUs: spread(({ clientCpuUs }) => clientCpuUs),
    serverCpuUs: spread(({ serverCpuUs }) => serverCpuUs),
    clientCpuRatio: relative(({ clientCpuUs }) => clientCpuUs),
  };
}

/** The size of messages that ratios are about. */
const ratioBytes = 100;

/** `lane@64` and the like: calls per second relative to grpc-js; `laneClientCpu@64`: CPU time per call of the client. */
export function ratiosOf(cells: readonly CellResult[]): Readonly<Record<string, number>> {
  const ratios: Record<string, number> = {};
  for (const cell of cells.filter(({ bytes }) => bytes === ratioBytes))
    for (const kind of cell.rounds.keys()) {
      const { ratio, clientCpuRatio } = figuresOf(kind, cell);
      ratios[`${kind}@${cell.concurrency}`] = rounded(ratio.median);
      ratios[`${kind}ClientCpu@${cell.concurrency}`] = rounded(clientCpuRatio.median);
    }
  return ratios;
}

/** Three digits: the floors of CPU time are hundredths, and no figure becomes 0. */
const rounded = (value: number): number => Number(value.toPrecision(3));
