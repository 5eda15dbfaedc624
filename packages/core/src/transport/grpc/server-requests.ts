import { setImmediate } from "node:timers/promises";
import type { ServerReadableStream } from "@grpc/grpc-js";
import { iteratorOf, type Flow, type Sink } from "../../call/flow.js";
import { messageTaken } from "./inflation.js";
import type { RawMessages } from "./raw-messages.js";
import { innerCall, type InnerCall } from "./inner-call.js";

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
      const inner = innerCall((grpc as { readonly call?: object }).call);
      const iterator = grpc.iterator({ destroyOnReturn: false }) as AsyncIterator<object>;
      return {
        async next() {
          try {
            const result = await iterator.next();
            if (!result.done) {
              messageTaken(inner);
              return result;
            }
            if (!wasReset(inner)) await setImmediate();
            if (!wasReset(inner)) return result;
          } catch (error) {
            // The stream was torn down under the reader.
            if (!wasReset(inner)) throw error;
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

/** The same, of messages that come past grpc-js. */
export function rawRequestsOf(
  raw: RawMessages,
  grpc: { readonly call?: object },
  decode: (bytes: Buffer) => object,
  gone: () => unknown,
): Flow<object> {
  const inner = innerCall(grpc.call);
  const flowInto = async (sink: Sink<object>): Promise<void> => {
    await raw.flowInto((bytes) => sink(decode(bytes)));
    if (!wasReset(inner)) await setImmediate();
    if (wasReset(inner)) throw gone();
  };
  return { flowInto, [Symbol.asyncIterator]: () => iteratorOf(flowInto, () => raw.end()) };
}

/** Whether the HTTP/2 stream ended by a reset or with its connection, and not by the caller's last message. */
function wasReset({ stream: { rstCode, aborted } }: InnerCall): boolean {
  return aborted || (rstCode !== undefined && rstCode !== 0);
}
