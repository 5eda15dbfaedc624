import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { status } from "@grpc/grpc-js";
import type { InnerCall } from "./inner-call.js";

const unitMs = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 } as const;

/** By the unit's letter. */
const msOf: Readonly<Record<string, number | undefined>> = unitMs;

const mostDigits = 8;
const zero = "0".charCodeAt(0);

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

/**
 * The milliseconds of a `grpc-timeout` header, which the gRPC protocol writes as up to eight digits and a unit;
 * `undefined` for one that it does not allow. By hand: each call that has a deadline comes here.
 */
export function parseGrpcTimeout(text: string): number | undefined {
  const digits = text.length - 1;
  const unit = digits >= 1 && digits <= mostDigits ? msOf[text[digits]!] : undefined;
  if (unit === undefined) return undefined;
  let value = 0;
  for (let n = 0; n < digits; n++) {
    const digit = text.charCodeAt(n) - zero;
    if (digit < 0 || digit > 9) return undefined;
    value = 10 * value + digit;
  }
  return value * unit;
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
