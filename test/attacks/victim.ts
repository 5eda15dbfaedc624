import { readFileSync } from "node:fs";
import { createGrpcServerTransport, systemClock, type GrpcServerLimits } from "@rollcall/core";
import { serveEcho } from "../transport/echo.js";

export interface VictimStats {
  /** Memory in use now and at most so far, in bytes. */
  readonly rss: number;
  readonly peakRss: number;
  /** Of live objects, in bytes: after a collection. */
  readonly heap: number;
  /** Calls under way, handlers begun and ended, messages that handlers gave or took. */
  readonly inflight: number;
  readonly begun: number;
  readonly ended: number;
  readonly messages: number;
}

let begun = 0;
let ended = 0;
let messages = 0;
const text = "x".repeat(64 << 10);

async function watched<T>(run: () => Promise<T>): Promise<T> {
  begun++;
  try {
    return await run();
  } finally {
    ended++;
  }
}

const limits = JSON.parse(process.env["VICTIM_LIMITS"] ?? "{}") as Partial<GrpcServerLimits>;
const server = await serveEcho(createGrpcServerTransport({ host: "127.0.0.1", limits }), systemClock, {
  // A handler that heeds its signal and has nothing to do.
  unary: ({ hold }, ctx) =>
    watched(async () => {
      if (hold) await new Promise((_, reject) => ctx.onCancel(reject));
      return {};
    }),
  serverStream: async function* ({ wait, small }, ctx) {
    begun++;
    try {
      if (wait) await new Promise((_, reject) => ctx.onCancel(reject));
      for (;;) {
        messages++;
        yield small ? {} : { text };
      }
    } finally {
      ended++;
    }
  },
  clientStream: (requests, ctx) =>
    watched(async () => {
      for await (const { stop } of requests) {
        messages++;
        if (stop) await new Promise((_, reject) => ctx.onCancel(reject));
      }
      return {};
    }),
  bidi: async function* (requests) {
    begun++;
    try {
      for await (const _ of requests) {
        messages++;
        yield { text };
      }
    } finally {
      ended++;
    }
  },
});

/** The most it ever was, which no sample could miss; elsewhere than on Linux what it is now. */
function peakRss(): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (match) return Number(match[1]) * 1024;
  } catch {
    // No Linux.
  }
  return process.memoryUsage.rss();
}

process.on("message", (asked) => {
  if (asked === "collect") gc?.();
  const { inflight } = server.gate;
  const stats: VictimStats = {
    rss: process.memoryUsage.rss(),
    peakRss: peakRss(),
    heap: process.memoryUsage().heapUsed,
    inflight,
    begun,
    ended,
    messages,
  };
  process.send?.({ stats });
});
process.on("SIGTERM", () => process.exit(0));
process.send?.({ port: server.listener.port });
