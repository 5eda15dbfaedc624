import type { Call } from "../call/call.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Destination } from "./destination.js";

/**
 * What 1,000 calls per second come to in 10 s, the default timeout: so calls can wait out a restart of all instances. With
 * the 1,024 of Envoy's `max_pending_requests` a client of 100 calls per second would drop some of them. Each takes 6.5 KB
 * with a small request, as measured: 65 MB at most.
 */
export const defaultMaxPendingCalls = 10_000;

/** How many of those that had to wait are looked at, in turn, where there are as many as there may be. */
const sweptAtOnce = 64;

/**
 * Bounds how many calls of one client wait, for the registry's first answer or for an endpoint that can take them: so that
 * an outage of what it calls does not fill this process' memory. What comes on top fails at once with
 * `resource_exhausted`, not processed. Calls that were sent do not count.
 * @param most default 10 000; `Infinity` for no bound
 */
export function limitPending(destination: Destination, most: number = defaultMaxPendingCalls): Destination {
  /** Those that had to wait, by how many attempts they had before; some of them have been sent since. */
  const waiting = new Map<Call, number>();

  let sweep = waiting.entries();

  const isFull = (): boolean => {
    if (waiting.size < most) return false;
    for (let left = Math.min(sweptAtOnce, waiting.size); left > 0; left--) {
      let next = sweep.next();
      if (next.done) next = (sweep = waiting.entries()).next();
      if (next.done) break;
      const [call, attempts] = next.value;
      if (call.attempts.length > attempts) waiting.delete(call);
    }
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
