import type { Http2Server, ServerOptions } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { windowBytes } from "./flow-control.js";

/** The part of grpc-js' server that makes its HTTP/2 servers: one per address it listens on. */
interface ServerMaker {
  /** What it gives to Node for each of them. */
  readonly commonServerOptions?: ServerOptions;
  createHttp2Server?(...args: unknown[]): Http2Server;
}

/**
 * Shows each HTTP/2 server of a grpc-js server before it listens, with grpc-js' own listeners in place: for the events
 * that grpc-js keeps to itself. Several may look; call it before `bindAsync`.
 * @throws Error when grpc-js no longer makes its servers in the way that is known
 */
export function onHttp2Server(server: Server, seen: (http2: Http2Server) => void): void {
  const maker = server as unknown as ServerMaker;
  const create = maker.createHttp2Server;
  if (typeof create !== "function")
    throw new Error("grpc-js no longer shows its HTTP/2 servers: this version is not supported");
  maker.createHttp2Server = (...args) => {
    const http2 = create.apply(server, args);
    seen(http2);
    return http2;
  };
}

export interface SessionLimits {
  readonly maxMetadataPairs: number;
  readonly maxMetadataBytes: number;
  readonly maxResetsPerSecond: number;
}

/**
 * Limits the header fields of requests and the resets of streams, for which grpc-js has no options. Call it before
 * `bindAsync`.
 * @throws Error when grpc-js no longer keeps the options of its servers in the way that is known
 */
export function limitSessions(server: Server, limits: SessionLimits): void {
  const options = (server as unknown as ServerMaker).commonServerOptions;
  if (!options)
    throw new Error(
      "grpc-js no longer shows the options of its HTTP/2 servers: this version is not supported",
    );
  options.maxHeaderListPairs = limits.maxMetadataPairs || mostCount;
  options.streamResetBurst = (limits.maxResetsPerSecond || mostCount) * 4;
  options.streamResetRate = limits.maxResetsPerSecond || mostCount;
  options.settings = {
    ...options.settings,
    maxHeaderListSize: limits.maxMetadataBytes || mostBytes,
    initialWindowSize: windowBytes,
  };
}

/** No limit, as Node takes it. */
const mostCount = 2 ** 31 - 1;
const mostBytes = 2 ** 32 - 1;
