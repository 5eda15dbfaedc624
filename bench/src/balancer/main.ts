import { parseArgs } from "node:util";
import { Code, createCall, Metadata, systemClock, type BalancerFactory, type Call } from "@rollcall/core";
import { balancers, standardStack, peakEwma } from "@rollcall/balancer";
import { markdownTable } from "../table.js";
import { benchEndpoints } from "./endpoints.js";
import { bytesPer, nanosPer } from "./measure.js";
import { pickFigures, pickSizes as sizes, type PickRow } from "./pick-figures.js";

const usage = `bench:balancer [--json] [--rounds <n>] [--only <text>]

Nanoseconds and allocated bytes per pick of each balancing policy, at 3, 100 and 10,000 endpoints.

  --json      one JSON document instead of a table
  --rounds    rounds of 2 ms per figure, the best of which counts; default 40
  --only      policies whose name contains this`;

function call(key?: string): Call {
  const metadata = new Metadata();
  if (key) metadata.set("rollcall-key", key);
  const codec = { encode: () => Buffer.alloc(0), decode: () => ({}) };
  const path = "/shop.v1.Orders/Get";
  const method = { path, kind: "unary", idempotent: true, request: codec, response: codec } as const;
  return createCall({ method, metadata, deadline: Infinity, request: {} });
}

/** One row of the table: a policy, and the circumstances that are not the usual ones. */
interface Case {
  readonly name: string;
  readonly factory: BalancerFactory;
  readonly keyed?: boolean;
  readonly moving?: boolean;
  readonly zone?: string;
}

const cases: readonly Case[] = [
  ...balancers.map((factory) => ({ name: factory.name, factory })),
  ...balancers
    .filter(({ name }) => name === "key-hash")
    .map((factory) => ({ name: "key-hash, with keys", factory, keyed: true })),
  ...balancers
    .filter(({ name }) => /^(peak|weighted|least)/.test(name))
    .map((factory) => ({ name: `${factory.name}, 1 % in slow start`, factory, moving: true })),
  { name: "standard stack of peak-ewma, in a zone", factory: standardStack(peakEwma), zone: "a" },
];

function measure({ name, factory, keyed = false, moving = false, zone = "" }: Case, rounds: number): PickRow {
  const row: PickRow = { policy: name, nanos: [], bytes: [] };
  const calls = Array.from({ length: 256 }, (_, n) => call(keyed ? `customer-${n}` : undefined));
  const args = calls.map((each) => ({ call: each, tried: [] }));
  for (const size of sizes) {
    const env = { clock: systemClock, random: () => Math.random(), zone, caller: "bench" };
    const balancer = factory.create(env);
    const view = benchEndpoints(size, moving, systemClock.now());
    balancer.update(view);
    view.forEach((endpoint, n) =>
      balancer.settled?.(endpoint, { code: Code.Ok, latencyMs: 1 + (n % 20), processed: "yes" }),
    );
    let turn = 0;
    const pick = (): unknown => balancer.pick(args[turn++ & 255] as (typeof args)[number]);
    row.nanos.push(nanosPer(pick, rounds));
    row.bytes.push(bytesPer(pick));
    balancer.close();
  }
  return row;
}

/** What every policy needs, so that the rest of a figure is its own. */
function baseline(rounds: number): PickRow {
  const random = (): number => Math.random();
  const step = (): number => systemClock.now() + random() + random();
  const [nanos, bytes] = [nanosPer(step, rounds), bytesPer(step)];
  return {
    policy: "(the clock and two random numbers)",
    nanos: sizes.map(() => nanos),
    bytes: sizes.map(() => bytes),
  };
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "40" },
    only: { type: "string", default: "" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(usage);
} else {
  const rounds = Math.max(1, Number.parseInt(values.rounds, 10) || 40);
  const chosen = cases.filter(({ name }) => name.includes(values.only));
  // Twice: by the second time every policy runs in code that knows of all the others, as in a process with many clients.
  for (const each of chosen) measure(each, 5);
  const rows = [baseline(rounds), ...chosen.map((each) => measure(each, rounds))];
  const machine = { node: process.version, arch: process.arch, platform: process.platform };
  console.log(
    values.json
      ? JSON.stringify({ ...machine, sizes, rows }, undefined, 2)
      : markdownTable(pickFigures(rows)),
  );
}
