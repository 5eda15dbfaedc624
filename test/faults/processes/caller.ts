import diagnostics from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { createClient, RpcError, type BalancerFactory, type Interceptor } from "@rollcall/app";
import { balancerByName, standardStack } from "@rollcall/balancer";
import { createReceipt, keepStream, openLoop, receiptInterceptor } from "@rollcall/testing/fleet";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { nowMs, type MadeCall, type Pick } from "../harness/calls.js";
import { isBurst, isFaults, type CallerConfig, type CallerEnded, type Connect } from "./messages.js";

const config = JSON.parse(process.env["FAULTS_CALLER"] ?? "{}") as CallerConfig;

type Made = { -readonly [K in keyof MadeCall]: MadeCall[K] };

let made: MadeCall[] = [];
let connects: Connect[] = [];
/** By the list of attempts, which is one object for all attempts of a call. */
const picksOf = new WeakMap<object, Pick[]>();

diagnostics.subscribe("net.client.socket", (message) => {
  const { socket } = message as { socket: Socket };
  socket.once("connectionAttempt", (_ip: string, port: number) => connects.push({ port, atMs: nowMs() }));
});

/** The default policy, noting when it picks which instance. */
const notedPolicy: BalancerFactory = (() => {
  const policy = standardStack(balancerByName("peak-ewma"));
  return {
    name: policy.name,
    create(env) {
      const balancer = policy.create(env);
      return {
        ...(balancer.settled ? { settled: balancer.settled.bind(balancer) } : {}),
        update: (view) => balancer.update(view),
        close: () => balancer.close(),
        pick(args) {
          const picked = balancer.pick(args);
          if ("instance" in picked)
            picksOf.get(args.call.attempts)?.push({ instance: picked.instance.id, atMs: nowMs() });
          return picked;
        },
      };
    },
  };
})();

let current: Made | undefined;
/** Runs in the same turn as the call is made, so `current` is the call's own. */
const noted: Interceptor = (next) => (call) => {
  if (current) picksOf.set(call.attempts, current.picks as Pick[]);
  current = undefined;
  return next(call);
};

const clients = Array.from({ length: config.clients }, () =>
  createClient(Orders, {
    balancer: notedPolicy,
    interceptors: [noted, receiptInterceptor],
    timeoutMs: config.timeoutMs,
    retry: config.retry,
    breaker: config.breaker,
  }),
);

async function make(n: number, dueMs: number, timeoutMs: number, id = `${n}`): Promise<void> {
  const method = config.putEvery > 0 && n % config.putEvery === 0 ? "put" : "get";
  const entry: Made = { method, dueMs, latencyMs: 0, code: 0, picks: [] };
  const client = clients[n % clients.length]!;
  try {
    current = entry;
    const answer = method === "get" ? client.get({ id }, { timeoutMs }) : client.put({ id }, { timeoutMs });
    entry.by = (await answer).id;
  } catch (error) {
    entry.code = error instanceof RpcError ? error.code : -1;
    entry.text = error instanceof Error ? error.message : String(error);
  }
  entry.latencyMs = nowMs() - dueMs;
  made.push(entry);
}

const ending = new AbortController();
const recorder = createReceipt();
const streams = Array.from({ length: config.streams }, () =>
  keepStream({
    recorder,
    signal: ending.signal,
    open: (_notes, signal) => clients[0]!.watch({}, { signal, timeoutMs: Infinity }),
  }),
);
const flush = (): void => {
  process.send?.({ faults: "calls", calls: made, connects });
  made = [];
  connects = [];
};

process.on("message", (message) => {
  if (isFaults(message, "end")) ending.abort();
  if (!isBurst(message)) return;
  const dueMs = nowMs();
  const { calls, timeoutMs, id } = message;
  const all = Array.from({ length: calls }, (_, n) => make(n, dueMs, timeoutMs, id));
  void Promise.all(all).then(() => {
    flush();
    process.send?.({ faults: "burst-ended" });
  });
});
process.on("disconnect", () => process.exit(1));

const reports = setInterval(flush, 100);
process.send?.({ rollcall: "serving", instance: "caller", address: "" });
const { maxLateMs } = config.idle
  ? await new Promise<{ maxLateMs: number }>((resolve) => {
      ending.signal.addEventListener("abort", () => resolve({ maxLateMs: 0 }));
    })
  : await openLoop({
      ratePerSecond: config.ratePerSecond,
      signal: ending.signal,
      call: (n, intendedMs) => make(n, intendedMs, config.timeoutMs),
    });
await Promise.all(streams);
clearInterval(reports);
flush();
const { streams: tally, firstDropped } = recorder.receipt();
const ended: CallerEnded = {
  faults: "ended",
  maxLateMs,
  streams: tally,
  streamErrors: firstDropped.map(({ error }) => error),
};
process.send?.(ended, () => process.exit(0));
