import { isResponseStream, methodName, type Call, type Interceptor } from "@rollcall/core";
import type { ReceiptRecorder } from "../fleet/receipt-recorder.js";
import type { EventLog } from "./event-log.js";

/** Carries the caller's id of a call, the same over its attempts. */
export const callIdHeader = "rollcall-simulated-call";

export function callId(call: Call): string | undefined {
  return call.metadata.get(callIdHeader)[0]?.toString();
}

/** Which requests handlers have begun, where, and how often: what servers know and callers cannot. */
export class Ledger {
  /** Calls of methods that are not idempotent and were begun more than once. */
  readonly repeated: string[] = [];
  readonly #recorder: ReceiptRecorder;
  readonly #log: EventLog;
  readonly #begun = new Map<string, string>();

  constructor(recorder: ReceiptRecorder, log: EventLog) {
    this.#recorder = recorder;
    this.#log = log;
  }

  /** The incarnation that began the call last. */
  lastRun(id: string): string | undefined {
    return this.#begun.get(id);
  }

  /** Innermost on a server. */
  interceptor(instance: string, incarnation: () => string | undefined): Interceptor {
    return (next) => (call) => {
      const id = callId(call);
      if (id !== undefined) this.#begin(id, call, instance, incarnation() ?? "");
      return next(call);
    };
  }

  #begin(id: string, call: Call, instance: string, incarnation: string): void {
    const again = this.#begun.has(id) && !isResponseStream(call.method);
    this.#begun.set(id, incarnation);
    this.#recorder.served(instance, { served: 1, duplicates: again ? 1 : 0 });
    if (!again || call.method.idempotent) return;
    const text = `${methodName(call.method)} (call ${id}) ran again on ${instance}`;
    this.#log.add(instance, text);
    this.repeated.push(text);
  }
}
