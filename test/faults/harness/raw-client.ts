import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { once } from "node:events";
import type { MethodContract } from "@rollcall/core";

/** How a raw call ended. */
export interface RawEnd {
  /** gRPC's status; NaN when the stream ended without one. */
  readonly status: number;
  /** gRPC's message, percent-encoding undone. */
  readonly message: string;
  /** All response headers and trailers as text, to look for what must not be there. */
  readonly said: string;
  readonly tookMs: number;
  /** HTTP/2's error code, 0 for none. */
  readonly rstCode: number;
}

export interface RawCall {
  readonly stream: ClientHttp2Stream;
  readonly ended: Promise<RawEnd>;
}

export interface RawOptions {
  /** As on the wire: `720H`. Default none, so the server has no deadline of the caller's. */
  readonly timeout?: string;
  /** False leaves the request open, without END_STREAM. Default true. */
  readonly end?: boolean;
  /** Only so many bytes of the framed request are sent. Default all. */
  readonly bytes?: number;
}

/** A gRPC caller that is no library: it sends what the row says, mistakes included. */
export class RawClient implements AsyncDisposable {
  readonly #session: ClientHttp2Session;

  private constructor(address: string) {
    this.#session = connect(`http://${address}`);
    this.#session.on("error", () => {});
  }

  /** Rejects when there is no connection within `withinMs`. */
  static async connect(address: string, withinMs = 5_000): Promise<RawClient> {
    const client = new RawClient(address);
    try {
      await once(client.#session, "remoteSettings", { signal: AbortSignal.timeout(withinMs) });
      return client;
    } catch (error) {
      client.#session.destroy();
      throw error;
    }
  }

  call(
    method: Pick<MethodContract, "path" | "request">,
    request: object,
    { timeout, end = true, bytes }: RawOptions = {},
  ): RawCall {
    const headers: OutgoingHttpHeaders = {
      ":method": "POST",
      ":path": method.path,
      "content-type": "application/grpc",
      te: "trailers",
      ...(timeout === undefined ? {} : { "grpc-timeout": timeout }),
    };
    const from = performance.now();
    const stream = this.#session.request(headers, { endStream: false });
    const message = Buffer.from(method.request.encode(request));
    const frame = Buffer.concat([Buffer.alloc(5), message]);
    frame.writeUInt32BE(message.length, 1);
    stream.write(frame.subarray(0, bytes ?? frame.length));
    if (end) stream.end();
    const said: IncomingHttpHeaders = {};
    const ended = new Promise<RawEnd>((resolve) => {
      stream.on("response", (response) => Object.assign(said, response));
      stream.on("trailers", (trailers) => Object.assign(said, trailers));
      stream.on("data", () => {});
      stream.on("error", () => {});
      stream.on("close", () =>
        resolve({
          status: Number(said["grpc-status"] ?? Number.NaN),
          message: decodeURIComponent([said["grpc-message"]].flat()[0] ?? ""),
          said: JSON.stringify(said),
          tookMs: performance.now() - from,
          rstCode: stream.rstCode ?? constants.NGHTTP2_NO_ERROR,
        }),
      );
    });
    return { stream, ended };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.destroy();
    await Promise.resolve();
  }
}
