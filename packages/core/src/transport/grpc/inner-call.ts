import type { ServerHttp2Stream } from "node:http2";
import type { StatusObject } from "@grpc/grpc-js";

/** How grpc-js' server calls are nested inside: its interceptors' calls first, the one with the stream last. */
interface NestedCall {
  readonly nextCall?: NestedCall;
  readonly stream?: ServerHttp2Stream;
}

/** grpc-js' call on one HTTP/2 stream, with what it does not show of it. */
export interface InnerCall {
  readonly stream: ServerHttp2Stream;
  /** Whether it has ended, answered or not. */
  readonly cancelled: boolean;
  /** `identity`, `gzip` or whatever the caller has named. */
  readonly incomingEncoding: string;
  /** A whole message as it came, its five bytes of prefix included, to the bytes of the message. */
  decompressMessage(message: Buffer, encoding: string): Buffer | Promise<Buffer>;
  getDeadline(): number | Date;
  /** Ends the call, unless it has ended. */
  sendStatus(status: Partial<StatusObject>): void;
}

/**
 * The call at the bottom of one of grpc-js' server calls.
 * @throws Error when grpc-js no longer nests its calls in the way that is known
 */
export function innerCall(outer: object | undefined): InnerCall {
  let call: NestedCall | undefined = outer;
  while (call?.nextCall) call = call.nextCall;
  if (!call?.stream)
    throw new Error("grpc-js no longer shows the stream of a call: this version is not supported");
  return call as InnerCall;
}
