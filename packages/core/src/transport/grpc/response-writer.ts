import type { ServerDuplexStream, ServerWritableStream } from "@grpc/grpc-js";
import type { Call } from "../../call/call.js";

export type ResponseStream = ServerWritableStream<object, object> | ServerDuplexStream<object, object>;

/** Bytes that may wait for a reader before the handler waits too: grpc-js would take sixteen messages, whatever their size. */
const mostWaitingBytes = 64 << 10;

/**
 * Writes the messages of one stream. What it returns resolves when the next one may come: at once for small messages, and
 * when a reader that does not keep up has taken most of what waits, or the call has ended.
 */
export function createResponseWriter(
  grpc: ResponseStream,
  call: Call,
): (bytes: Buffer) => Promise<void> | undefined {
  let waiting = 0;
  let taken = (): void => {};
  return (bytes) => {
    waiting += bytes.length;
    const written = (): void => {
      waiting -= bytes.length;
      if (waiting <= mostWaitingBytes) taken();
    };
    if (grpc.write(bytes, written) && waiting <= mostWaitingBytes) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        grpc.off("drain", done).off("close", done);
        uncancel();
        resolve();
      };
      taken = done;
      const uncancel = call.onCancel(() => queueMicrotask(done));
      grpc.on("drain", done).on("close", done);
    });
  };
}
