import type { Call } from "../call/call.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Destination } from "./destination.js";

/** Envoy's `max_pending_requests`. */
export const defaultMaxPendingCalls = 1_024;

/**
 * Bounds how many calls of one client wait, for the registry's first answer or for an endpoint that can take them: so that
 * an outage of what it calls does not fill this process' memory. What comes on top fails at once with
 * `resource_exhausted`, not processed. Calls that were sent do not count.
 * @param most default 1 024; `Infinity` for no bound
 */
export function limitPending(destination: Destination, most: number = defaultMaxPendingCalls): Destination {
  /** Those that had to wait, by how many attempts they had before; some of them have been sent since. */
  const waiting = new Map<Call, number>();

  const isFull = (): boolean => {
    if (waiting.size < most) return false;
    for (const [call, attempts] of waiting) if (call.attempts.length > attempts) waiting.delete(call);
    return waiting.size >= most;
  };
  const bounded = <T>(call: Call, attempts: number, answer: Promise<T>): Promise<T> => {
    // Sent in the same turn, as nearly all are.
    if (call.attempts.length > attempts) return answer;
    if (isFull())
      // It waits already: this ends its wait, with this error.
      call.cancel(
        new RpcError(
          Code.ResourceExhausted,
          `${waiting.size} calls of this client wait for an endpoint already; raise maxPendingCalls to let more wait`,
          { path: methodName(call.method), processed: "no" },
        ),
      );
    else waiting.set(call, attempts);
    return answer.finally(() => waiting.delete(call));
  };
  return {
    get routes() {
      return destination.routes;
    },
    routed: (call) => bounded(call, call.attempts.length, destination.routed(call)),
    send(call) {
      const { length } = call.attempts;
      return bounded(call, length, destination.send(call));
    },
  };
}
