import { FleetProcess } from "@rollcall/testing/fleet";
import {
  isFaults,
  type CallerConfig,
  type CallerEnded,
  type CallsMessage,
  type Connect,
} from "../processes/messages.js";
import type { MadeCall } from "./calls.js";
import type { RowContext } from "./context.js";
import { commandOf, type Variables } from "./processes.js";

export interface CallerOptions extends Partial<CallerConfig> {
  readonly env?: Variables;
  readonly namespace?: string | undefined;
  readonly name?: string;
}

/** A process that makes calls at a steady rate, whatever the answers do, and tells of each. */
export class Caller {
  /** All that have ended, as of its last message. */
  readonly calls: MadeCall[] = [];
  /** All TCP connections that it began, to etcd also. */
  readonly connects: Connect[] = [];

  constructor(readonly process: FleetProcess) {
    process.onMessage((message) => {
      if (!isFaults(message, "calls")) return;
      const { calls, connects } = message as CallsMessage;
      this.calls.push(...calls);
      this.connects.push(...connects);
    });
  }

  /** Makes no more calls; resolves when the last has ended. */
  async end(timeoutMs = 40_000): Promise<CallerEnded> {
    const ended = this.process.message(
      (message) => (isFaults(message, "ended") ? (message as CallerEnded) : undefined),
      "end",
      timeoutMs,
    );
    this.process.send({ faults: "end" });
    return await ended;
  }

  /** Makes calls at once, beside the schedule; resolves with them when all have ended. */
  async burst(calls: number, timeoutMs = 2_000, id = "burst"): Promise<MadeCall[]> {
    const before = this.calls.length;
    const ended = this.process.message(
      (message) => isFaults(message, "burst-ended") || undefined,
      "end of a burst",
      timeoutMs + 30_000,
    );
    this.process.send({ faults: "burst", calls, timeoutMs, id });
    await ended;
    return this.calls.slice(before);
  }
}

/** Starts a caller; resolves when it begins. */
export async function startCaller(
  context: RowContext,
  registry: string,
  options: CallerOptions = {},
): Promise<Caller> {
  context.signal.throwIfAborted();
  const { env, namespace, name = "caller", ...given } = options;
  const config: CallerConfig = {
    ratePerSecond: 200,
    timeoutMs: 2_000,
    putEvery: 4,
    clients: 1,
    streams: 0,
    idle: false,
    ...given,
  };
  const variables = {
    ROLLCALL_REGISTRY: registry,
    ROLLCALL_LOG_FORMAT: "json",
    ...env,
    FAULTS_CALLER: JSON.stringify(config),
  };
  const process = context.own(
    await FleetProcess.start(commandOf("caller.ts", variables, namespace), { name }),
  );
  await process.untilServing(30_000);
  return new Caller(process);
}
