import type { ServerHttp2Stream } from "node:http2";

/** How grpc-js' server calls are nested inside: its interceptors' calls first, the one with the stream last. */
interface InnerCall {
  readonly nextCall?: InnerCall;
  readonly stream?: ServerHttp2Stream;
}

/** The HTTP/2 stream of a call as grpc-js gives it to a handler. */
export function serverStreamOf(grpc: object): ServerHttp2Stream {
  let call = (grpc as { readonly call?: InnerCall }).call;
  while (call?.nextCall) call = call.nextCall;
  if (!call?.stream)
    throw new Error("grpc-js no longer shows the stream of a call: this version is not supported");
  return call.stream;
}

/** What the status may take to leave, and the caller to say that it is done too. */
const closeAfterMs = 500;

/**
 * Closes the stream of a call once it has been answered to the end, if the caller does not: one that hangs, or is gone
 * without a word, would keep the stream open, and with it a server that drains. To be called before the answer ends.
 */
export function closeOnceAnswered(grpc: object): void {
  const stream = serverStreamOf(grpc);
  // Node says so when the last message is on its way, however slowly the caller read: only the status is left.
  stream.once("wantTrailers", () => {
    // HTTP/2's NO_ERROR: the answer is complete, and the rest of the request is not needed.
    const timer = setTimeout(() => stream.close(), closeAfterMs);
    stream.once("close", () => clearTimeout(timer));
  });
}
