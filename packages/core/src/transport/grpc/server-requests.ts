import type { ServerHttp2Stream } from "node:http2";
import { setImmediate } from "node:timers/promises";
import type { ServerReadableStream } from "@grpc/grpc-js";

/** How grpc-js' server calls are nested inside: its interceptors' calls first, the one with the stream last. */
interface InnerCall {
  readonly nextCall?: InnerCall;
  readonly stream?: ServerHttp2Stream;
}

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
  const { rstCode, aborted } = streamOf(grpc);
  return aborted || (rstCode !== undefined && rstCode !== 0);
}

/** The HTTP/2 stream of a call that grpc-js has handed over. */
export function streamOf(grpc: object): ServerHttp2Stream {
  let call = (grpc as { readonly call?: InnerCall }).call;
  while (call?.nextCall) call = call.nextCall;
  if (call?.stream) return call.stream;
  throw new Error("grpc-js no longer shows the stream of a call: this version is not supported");
}
