import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  bindClient,
  clientPipeline,
  Cluster,
  createFeed,
  listen,
  Metadata,
  okEnd,
  systemClock,
  createServerCall,
  type Connection,
  type Handler,
  type Reply,
  type ServiceInstance,
  type Snapshot,
} from "@rollcall/core";
import { balancerByName, standardStack } from "@rollcall/balancer";
import { pino } from "pino";
import { spreadOf } from "../spread.js";
import { Echo } from "../gen/bench/v1/echo.js";

const usage = `bench:pipeline [--json] [--rounds <n>] [--calls <n>]

Microseconds per unary call that a client's and a server's pipeline take with every default on, around a transport and a
handler that answer at once: what the framework adds to a call on each side. 64 calls at once.

  --json      one JSON document instead of a table
  --rounds    default 20, the median counts
  --side      client or server; default both
  --calls     per round, default 20000`;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "20" },
    side: { type: "string" },
    calls: { type: "string", default: "20000" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const calls = Number(values.calls);
const logger = pino({ level: "silent" });
const concurrency = 64;
const method = Echo.methods.say;
const answer = { text: "x" };

const instance: ServiceInstance = {
  id: "a",
  incarnation: "1-a",
  app: "echo",
  service: Echo.name,
  address: "127.0.0.1:1",
  version: "1",
  track: "stable",
  zone: "",
  weight: 100,
  state: "up",
  features: [],
  labels: {},
};

function reply(): Reply {
  return { header: new Metadata(), end: Promise.resolve(okEnd()), responseStream: false, response: answer };
}

/** Everything between a typed method and the transport. */
function client(): () => Promise<unknown> {
  const snapshot: Snapshot = { service: Echo.name, revision: 1, instances: [instance] };
  const connection: Connection = {
    call: async () => reply(),
    state: "ready",
    onChange: () => () => {},
    close: async () => {},
  };
  const env = { clock: systemClock, random: Math.random, logger };
  const cluster = new Cluster({
    ...env,
    service: Echo.name,
    feed: createFeed(snapshot),
    transport: { connect: () => connection },
    balancer: standardStack(balancerByName("peak-ewma"), {}),
    zone: "",
    caller: "c1",
  });
  const pipeline = clientPipeline(cluster, { ...env, interceptors: [] });
  const bound = bindClient(Echo, pipeline, { clock: systemClock, timeoutMs: 10_000 });
  return () => bound.say({ text: "x" });
}

/** Everything between the transport and a method. */
async function server(): Promise<() => Promise<unknown>> {
  let dispatch: Handler = async () => reply();
  await listen({
    services: [{ contract: Echo, implementation: { say: async () => answer } }],
    transport: {
      async listen(_, handler) {
        dispatch = handler;
        return { port: 1, peers: () => [], drain: async () => {}, close: async () => {} };
      },
    },
    interceptors: [],
    timeoutOf: () => undefined,
    edge: true,
    clock: systemClock,
    logger,
  });
  const draining = new AbortController().signal;
  const peer = { address: "10.0.0.1:1" };
  return () =>
    dispatch(
      createServerCall(
        { method, metadata: new Metadata(), deadline: systemClock.now() + 10_000, request: answer },
        { responseHeader: new Metadata(), responseTrailer: new Metadata(), draining, peer },
      ),
    );
}

async function nanosPerCall(call: () => Promise<unknown>): Promise<number> {
  // Calls that are answered at once never let the event loop go on: timers would be due all the time.
  await setImmediate();
  let left = calls;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(before);
  return (1000 * (user + system)) / calls;
}

const sides = { client: client(), server: await server() };
const figures: Record<string, number> = {};
for (const [name, call] of Object.entries(sides)) {
  if (values.side !== undefined && values.side !== name) continue;
  const rounds: number[] = [];
  for (let round = 0; round < 5; round++) await nanosPerCall(call);
  for (let round = 0; round < Number(values.rounds); round++) rounds.push(await nanosPerCall(call));
  figures[name] = Number((spreadOf(rounds).median / 1000).toFixed(2));
}
if (values.json) console.log(JSON.stringify({ usPerCall: figures }));
else
  for (const [name, us] of Object.entries(figures))
    console.log(`${name.padEnd(8)} ${us.toFixed(2)} us per call`);
process.exit(0);
