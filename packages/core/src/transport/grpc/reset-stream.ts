import type { ClientHttp2Stream } from "node:http2";
import type { StreamCall } from "./direct-call.js";
import { addAbortSignal } from "node:stream";

/** How grpc-js' client calls are nested inside: resolving, retrying, load balancing, and the one with the stream. */
interface InnerCall {
  readonly child?: InnerCall | null;
  readonly underlyingCalls?: readonly { readonly call: InnerCall }[];
  readonly http2Stream?: ClientHttp2Stream;
}

/**
 * Resets the HTTP/2 stream of a call, if it has one by now. grpc-js cancels by `close`, for which Node first sends the
 * end of the request stream: a server then takes what has arrived for the whole. Destroying sends the reset alone.
 */
export function resetStream(grpc: object): void {
  const stream = streamOf(grpc);
  if (stream && !stream.destroyed && !stream.writableEnded) addAbortSignal(AbortSignal.abort(), stream);
}

/** The HTTP/2 stream of a call, if it has one by now. */
export function streamOf(grpc: object): ClientHttp2Stream | undefined {
  return innermost(grpc)?.http2Stream;
}

/** The call with the HTTP/2 stream, if there is one by now. */
export function innermost(grpc: object): StreamCall | undefined {
  let call: InnerCall | null | undefined = grpc;
  while (call && !call.http2Stream) call = call.underlyingCalls?.at(-1)?.call ?? call.child;
  return call ? (call as StreamCall) : undefined;
}
