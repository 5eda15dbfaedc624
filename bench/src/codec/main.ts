import { parseArgs } from "node:util";
import type { Codec } from "@rollcall/core";
import { bytesPer, nanosPer } from "../balancer/measure.js";
import { file } from "../gen/bench/v1/shapes.js";
import { flat, known, order, text } from "./messages.js";

const usage = `bench:codec [--json] [--rounds <n>]

Nanoseconds, and bytes on the heap, per message: by proto-loader's codec and by that of a contract.

  --json      one JSON document instead of a table
  --rounds    rounds of 2 ms or more per figure, the best of which counts; default 60`;

interface Figures {
  readonly nanos: number;
  readonly bytes: number;
}

interface Row {
  readonly message: string;
  readonly size: number;
  readonly step: "encode" | "decode";
  readonly loader: Figures;
  readonly contract: Figures;
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "60" },
    help: { type: "boolean", short: "h", default: false },
  },
});

const definition = file.service("bench.v1.Shapes");
const codecs = file.codecs("bench.v1.Shapes");

const cases = [
  { name: "text of 100 bytes", method: "SendText", message: text },
  { name: "flat, 10 scalars", method: "SendFlat", message: flat },
  { name: "nested", method: "SendOrder", message: order },
  { name: "well-known types", method: "SendKnown", message: known },
].map(({ name, method, message }) => {
  const { requestSerialize, requestDeserialize } = definition[method]!;
  const loader: Codec = {
    encode: requestSerialize,
    decode: (bytes) => requestDeserialize(bytes as Buffer),
  };
  return { name, message, loader, contract: codecs.get(method)!.request };
});

/** At 10 kB per step, less than the space for what is new. */
const stepsWithoutCollection = 500;

function measure(step: () => unknown, rounds: number): Figures {
  return { nanos: nanosPer(step, rounds), bytes: bytesPer(step, stepsWithoutCollection) };
}

function rowsOf({ name, message, loader, contract }: (typeof cases)[number], rounds: number): Row[] {
  const bytes = contract.encode(message);
  if (!bytes.equals(loader.encode(message))) throw new Error(`${name} is written in two ways`);
  const row = { message: name, size: bytes.length };
  return [
    {
      ...row,
      step: "encode",
      loader: measure(() => loader.encode(message), rounds),
      contract: measure(() => contract.encode(message), rounds),
    },
    {
      ...row,
      step: "decode",
      loader: measure(() => loader.decode(bytes), rounds),
      contract: measure(() => contract.decode(bytes), rounds),
    },
  ];
}

if (values.help) {
  console.log(usage);
} else {
  const rounds = Math.max(1, Number.parseInt(values.rounds, 10) || 60);
  // Twice: by the second time every message meets code that knows of all the others.
  for (const each of cases) rowsOf(each, 5);
  const rows = cases.flatMap((each) => rowsOf(each, rounds));
  if (values.json) {
    console.log(JSON.stringify({ node: process.version, arch: process.arch, rows }, undefined, 2));
  } else {
    for (const { message, size, step, loader, contract } of rows)
      console.log(
        `${message.padEnd(18)} ${step} ${String(size).padStart(4)} B` +
          `   proto-loader ${shown(loader)}   contract ${shown(contract)}   ${(loader.nanos / contract.nanos).toFixed(1)} x`,
      );
  }
}

function shown({ nanos, bytes }: Figures): string {
  return `${nanos.toFixed(0).padStart(6)} ns ${bytes.toFixed(0).padStart(6)} B`;
}
