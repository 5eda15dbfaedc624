import { AsyncLocalStorage } from "node:async_hooks";
import type { CallContext } from "./call.js";

const storage = new AsyncLocalStorage<CallContext>();

/** The call whose handler is running, if any: what nested calls inherit their deadline and cancellation from. */
export function currentCall(): CallContext | undefined {
  return storage.getStore();
}

/** Runs `step` as part of the call. */
export function runInCall<T>(call: CallContext, step: () => T): T {
  return storage.run(call, step);
}
