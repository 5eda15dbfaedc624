import { AsyncLocalStorage } from "node:async_hooks";
import type { Interceptor } from "@rollcall/core";

/** Told where a call went; undefined for `answered` when it never got to an instance. */
export interface CallTrace {
  /** The pipeline is through with the call, or with one opening of a stream. */
  answered(ok: boolean, instance: string | undefined, attempts: number): void;
}

const current = new AsyncLocalStorage<CallTrace>();

/** Runs `make`; the calls that it makes through `receiptInterceptor` tell `trace`. */
export function traced<T>(trace: CallTrace, make: () => T): T {
  return current.run(trace, make);
}

/**
 * Give it to the client under test: `createClient(contract, { interceptors: [receiptInterceptor] })`. The calls of
 * `recordedLoop` and the streams of `keepStream` then know their instances and attempts without a word of the caller's.
 */
export const receiptInterceptor: Interceptor = (next) => async (call) => {
  const trace = current.getStore();
  if (!trace) return await next(call);
  let ok = false;
  try {
    const reply = await next(call);
    ok = true;
    return reply;
  } finally {
    trace.answered(ok, call.attempts.at(-1)?.instance.id, call.attempts.length);
  }
};
