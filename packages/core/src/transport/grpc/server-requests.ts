import { setImmediate } from "node:timers/promises";
import type { ServerReadableStream } from "@grpc/grpc-js";
import { serverStreamOf } from "./server-stream.js";

/**
 * The requests of a call. A handler that stops reading must not destroy the stream its answer goes out on. And a caller
 * that has gone must not look like one that has sent everything: grpc-js ends the stream for both, and says only later
 * which it was. Clients made with Node even send the end of the stream right before its reset (ours do not), so an end
 * is believed one turn of the event loop later.
 * @param gone makes the call a cancelled one, and returns why
 */
export function requestsOf(
  grpc: ServerReadableStream<object, object>,
  gone: () => unknown,
): AsyncIterable<object> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = grpc.iterator({ destroyOnReturn: false }) as AsyncIterator<object>;
      return {
        async next() {
          try {
            const result = await iterator.next();
            if (!result.done) return result;
            if (!wasReset(grpc)) await setImmediate();
            if (!wasReset(grpc)) return result;
          } catch (error) {
            // The stream was torn down under the reader.
            if (!wasReset(grpc)) throw error;
          }
          throw gone();
        },
        async return() {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** Whether the HTTP/2 stream ended by a reset or with its connection, and not by the caller's last message. */
function wasReset(grpc: object): boolean {
  const { rstCode, aborted } = serverStreamOf(grpc);
  return aborted || (rstCode !== undefined && rstCode !== 0);
}
