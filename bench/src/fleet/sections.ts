import { percentile } from "../spread.js";
import type { Section } from "../section.js";
import type { MemoryRow } from "./memory-use.js";
import type { StopTimes } from "./stop-time.js";

const ms = (value: number): string => value.toFixed(1);
const quantiles = (values: readonly number[]): readonly string[] => [
  ...[0.5, 0.99, 1].map((share) => ms(percentile(values, share))),
  values.length.toString(),
];
const heads = ["ms", "p50", "p99", "max", "times"];

export const stopSection = ({ lastPickMs, calls, failed }: StopTimes): Section => ({
  title: "From SIGTERM to the last call",
  text: `Three instances under 16 calls at once, each stopped by SIGTERM and replaced in turn: the time from the signal to the begin of the last call that the stopped one answered. Of ${calls.toLocaleString("en")} calls, ${failed.toLocaleString("en")} failed.`,
  figures: { heads, rows: [["SIGTERM to the last call begun", ...quantiles(lastPickMs)]] },
});

export const discoverySection = (took: readonly number[]): Section => ({
  title: "Discovery",
  text: "From the moment in which an instance asks the registry to publish it, the only one of its service, to the answer of a call that waited for it: registration, watch, connection, call. The registry is the embedded one of `@rollcall/testing`, on the same machine.",
  figures: { heads, rows: [["register to the first answer", ...quantiles(took)]] },
});

export const memorySection = (rows: readonly MemoryRow[]): Section => ({
  title: "Memory of idle processes",
  text: "After two seconds without a call and a collection. Endpoints are apps with a server, a port and an identity of their own, up to 250 in one process; the client is connected to all of them.",
  figures: {
    heads: ["process", "RSS MiB", "heap MiB"],
    rows: rows.map(({ process, rssBytes, heapBytes }) => [process, mib(rssBytes), mib(heapBytes)]),
  },
});

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
