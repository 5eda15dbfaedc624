import { parseArgs } from "node:util";
import {
  breaker,
  Code,
  createCall,
  Metadata,
  okEnd,
  RpcError,
  systemClock,
  type Call,
  type Endpoint,
  type Handler,
  type Reply,
} from "@rollcall/core";

const usage = `bench:breaker [--json] [--rounds <n>]

Nanoseconds per call of a client's breaker: what it adds to a handler that answers at once.

  --json      one JSON document instead of a table
  --rounds    rounds of 20,000 calls per figure, the best of which counts; default 60`;

const callsPerRound = 20_000;
const codec = { encode: () => Buffer.alloc(0), decode: () => ({}) };
const reply: Reply = {
  header: new Metadata(),
  end: Promise.resolve(okEnd()),
  responseStream: false,
  response: {},
};

function callsOf(methods: number): readonly Call[] {
  return Array.from({ length: methods }, (_, n) => {
    const path = `/shop.v1.Orders/Method${n}`;
    const method = { path, kind: "unary", idempotent: true, request: codec, response: codec } as const;
    return createCall({ method, metadata: new Metadata(), deadline: Infinity, request: {} });
  });
}

const endpoint = {} as Endpoint;
const failed = new RpcError(Code.NotFound, "no such order", { origin: "remote" });
const sick = new RpcError(Code.Unavailable, "sick", { origin: "remote" });
const answers: Handler = async () => reply;
const fails: Handler = async () => {
  throw failed;
};
/** Fails every tenth call, by the server's fault. */
const sickly = (): Handler => {
  let n = 0;
  return async (call) => {
    // Only a call that was sent counts.
    call.attempts.length = 0;
    call.attempts.push(endpoint);
    if (++n % 10 === 0) throw sick;
    return reply;
  };
};

interface Case {
  readonly name: string;
  readonly methods: number;
  readonly create: () => Handler;
}

const stage = breaker({ clock: systemClock });
const cases: readonly Case[] = [
  { name: "(none: a handler that answers)", methods: 1, create: () => answers },
  { name: "closed", methods: 1, create: () => breaker({ clock: systemClock })(answers) },
  { name: "closed, 1,000 methods", methods: 1_000, create: () => stage(answers) },
  { name: "(none: one that fails every tenth)", methods: 1, create: sickly },
  { name: "closed, one in ten fails", methods: 1, create: () => breaker({ clock: systemClock })(sickly()) },
  { name: "(none: one that always fails)", methods: 1, create: () => fails },
  { name: "closed, caller's faults", methods: 1, create: () => breaker({ clock: systemClock })(fails) },
  { name: "open", methods: 1, create: opened },
];

/** Refuses all calls for an hour. */
function opened(): Handler {
  const handler = breaker(
    { clock: systemClock },
    { minCalls: 1, failureRatio: 0.01, openMs: 3_600_000 },
  )(async (call) => {
    call.attempts.push(endpoint);
    throw sick;
  });
  return handler;
}

async function nanosPerCall({ methods, create }: Case, rounds: number): Promise<number> {
  const handler = create();
  const calls = callsOf(methods);
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now();
    for (let n = 0; n < callsPerRound; n++) {
      try {
        await handler(calls[n % methods]!);
      } catch {
        // As its callers do.
      }
    }
    best = Math.min(best, ((performance.now() - startedMs) * 1e6) / callsPerRound);
  }
  return best;
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "60" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(usage);
} else {
  const rounds = Math.max(1, Number.parseInt(values.rounds, 10) || 60);
  // Twice: by the second time every case runs in code that knows of all the others.
  for (const each of cases) await nanosPerCall(each, 5);
  const rows: { name: string; nanos: number; added: number | undefined }[] = [];
  let bare = 0;
  for (const each of cases) {
    const nanos = await nanosPerCall(each, rounds);
    const isBare = each.name.startsWith("(");
    if (isBare) bare = nanos;
    rows.push({ name: each.name, nanos, added: isBare || each.name === "open" ? undefined : nanos - bare });
  }
  if (values.json) {
    console.log(JSON.stringify({ node: process.version, arch: process.arch, rows }, undefined, 2));
  } else {
    const width = Math.max(...rows.map(({ name }) => name.length));
    for (const { name, nanos, added } of rows)
      console.log(
        `${name.padEnd(width)} ${nanos.toFixed(0).padStart(6)} ns${added === undefined ? "" : `, the breaker ${added.toFixed(0)} ns`}`,
      );
  }
}
