import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { status } from "@grpc/grpc-js";
import type { InnerCall } from "./inner-call.js";

/** As the gRPC protocol writes a timeout: `TimeoutValue TimeoutUnit`. */
const form = /^(\d{1,8})([HMSmun])$/;

const unitMs = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 } as const;

/** The longest timeout that grpc-js can wait for: Node's timers fire at once when it is longer. */
const longestTimerMs = 2 ** 31 - 1;

/** A timeout, above 0, as a `grpc-timeout` header says it: in the finest unit that has room for it, rounded up. */
export function formatGrpcTimeout(ms: number): string {
  for (const unit of ["m", "S", "M", "H"] as const) {
    const value = Math.ceil(ms / unitMs[unit]);
    if (value < 1e8) return `${value}${unit}`;
  }
  return "99999999H";
}

/** The milliseconds of a `grpc-timeout` header; `undefined` for one that the protocol does not allow. */
export function parseGrpcTimeout(text: string): number | undefined {
  const match = form.exec(text);
  return match ? Number(match[1]) * unitMs[match[2] as keyof typeof unitMs] : undefined;
}

/** Timeouts that were taken out of grpc-js' sight, as they were sent. */
const hidden = new WeakMap<ServerHttp2Stream, string>();

/**
 * A listener for the streams of a server, before grpc-js': it takes away the timeouts that grpc-js would get wrong. Those
 * of more than 24.8 days overflow its timer, so that it answers DEADLINE_EXCEEDED at once, and out of the ones that are
 * no timeouts it reads some part.
 */
export function hideTimeout(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const text = headers["grpc-timeout"];
  if (text === undefined) return;
  const ms = typeof text === "string" ? parseGrpcTimeout(text) : undefined;
  if (ms !== undefined && ms <= longestTimerMs) return;
  hidden.set(stream, String(text));
  delete headers["grpc-timeout"];
}

/** Gives a call the deadline that was hidden from grpc-js, or ends it when it was none. Returns whether it goes on. */
export function restoreTimeout(call: InnerCall): boolean {
  const text = hidden.get(call.stream);
  if (text === undefined) return true;
  const ms = parseGrpcTimeout(text);
  if (ms === undefined) {
    // The code is grpc-js' and grpc-go's for it. The text is the caller's: it may be long, or no header any more.
    const shown = JSON.stringify(text.slice(0, 32));
    const details = `malformed grpc-timeout ${shown}: allowed are up to 8 digits and one of H, M, S, m, u, n`;
    call.sendStatus({ code: status.INTERNAL, details });
    return false;
  }
  const deadline = Date.now() + ms;
  call.getDeadline = () => deadline;
  return true;
}
