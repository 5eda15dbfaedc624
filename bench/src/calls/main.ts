import { parseArgs } from "node:util";
import { Contender, type Round } from "./contender.js";
import { kinds } from "./kinds/index.js";

const usage = `bench [--quick] [--json] [--kinds <a,b>] [--rounds <n>] [--ms <n>]

Unary calls, as a caller and a server in two processes make them: calls per second, latency and CPU time on both sides, as
medians of rounds in which all kinds take turns.

  --quick     100 bytes, 1 and 64 calls at once, 3 short rounds: under 3 minutes
  --json      ends with one line: {"ratios":{"lane@64":x,...}}, to grpc-js in the same run
  --kinds     only these, beside grpc-js; default: all
  --rounds    default 5, or 3
  --ms        of one round of one kind; default 2000, or 1000`;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    kinds: { type: "string" },
    rounds: { type: "string" },
    ms: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
const ms = Number(values.ms ?? (values.quick ? 1_000 : 2_000));
const names = values.kinds ? [...new Set(["grpc-js", ...values.kinds.split(",")])] : Object.keys(kinds);
const cells = (values.quick ? [100] : [100, 4_096]).flatMap((bytes) =>
  (values.quick ? [1, 64] : [1, 64, 1_024]).map((concurrency) => ({ bytes, concurrency })),
);

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!;

await using stack = new AsyncDisposableStack();
const contenders: Contender[] = [];
for (const name of names) contenders.push(stack.use(await Contender.start(name)));

const ratios: Record<string, number> = {};
for (const { bytes, concurrency } of cells) {
  const seen = new Map<string, Round[]>(names.map((name) => [name, []]));
  for (const each of contenders) await each.round(concurrency, bytes, ms / 2);
  for (let round = 0; round < rounds; round++)
    for (const each of contenders) seen.get(each.name)!.push(await each.round(concurrency, bytes, ms));
  const of = (name: string, figure: (round: Round) => number): number => median(seen.get(name)!.map(figure));
  const perSecond = (name: string): number => of(name, ({ calls, seconds }) => calls / seconds);
  console.error(`\n${bytes} bytes, ${concurrency} at once`);
  console.error("kind          calls/s  ratio   p50 us   p99 us  client us  server us");
  for (const name of names) {
    const row = [
      name.padEnd(12),
      perSecond(name).toFixed(0).padStart(8),
      (perSecond(name) / perSecond("grpc-js")).toFixed(2).padStart(6),
      of(name, ({ p50Us }) => p50Us)
        .toFixed(0)
        .padStart(8),
      of(name, ({ p99Us }) => p99Us)
        .toFixed(0)
        .padStart(8),
      of(name, ({ clientCpuUs }) => clientCpuUs)
        .toFixed(1)
        .padStart(10),
      of(name, ({ serverCpuUs }) => serverCpuUs)
        .toFixed(1)
        .padStart(10),
    ];
    console.error(row.join(" "));
    if (bytes === 100) {
      const figure = (name: string, of: number): number => (ratios[name] = Number(of.toFixed(2)));
      figure(`${name}@${concurrency}`, perSecond(name) / perSecond("grpc-js"));
      figure(
        `${name}ClientCpu@${concurrency}`,
        of(name, ({ clientCpuUs }) => clientCpuUs) / of("grpc-js", ({ clientCpuUs }) => clientCpuUs),
      );
    }
  }
}
if (values.json) console.log(JSON.stringify({ ratios }));
