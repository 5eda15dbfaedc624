import type { Spread } from "../spread.js";
import type { Figures as Table } from "../table.js";
import type { Cell, PeakRss } from "./contender.js";
import { figuresOf } from "./figures.js";
import type { CellResult } from "./run.js";

export const cellTitle = ({ bytes, concurrency }: Cell): string =>
  `${whole(bytes)} bytes, ${whole(concurrency)} at once`;

/** All kinds under one load. */
export function cellTable(cell: CellResult): Table {
  const heads = [
    "kind",
    "x grpc-js",
    "min-max",
    "calls/s",
    "min-max",
    "p50 us",
    "p99 us",
    "client CPU us",
    "server CPU us",
  ];
  const rows = [...cell.rounds.keys()].map((kind) => {
    const { ratio, perSecond, p50Us, p99Us, clientCpuUs, serverCpuUs } = figuresOf(kind, cell);
    return [
      kind,
      ratio.median.toFixed(2),
      range(ratio, (value) => value.toFixed(2)),
      whole(perSecond.median),
      range(perSecond, whole),
      whole(p50Us.median),
      whole(p99Us.median),
      clientCpuUs.median.toFixed(1),
      serverCpuUs.median.toFixed(1),
    ];
  });
  return { heads, rows };
}

/** The most memory that each kind's processes have taken. */
export function memoryTable(peaks: ReadonlyMap<string, PeakRss>): Table {
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const rows = [...peaks].map(([kind, { clientBytes, serverBytes }]) => [
    kind,
    mib(clientBytes),
    mib(serverBytes),
  ]);
  return { heads: ["kind", "client MiB", "server MiB"], rows };
}

const whole = (value: number): string => Math.round(value).toLocaleString("en");

const range = ({ min, max }: Spread, text: (value: number) => string): string => `${text(min)}-${text(max)}`;
