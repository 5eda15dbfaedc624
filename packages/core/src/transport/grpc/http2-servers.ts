import type { Http2Server } from "node:http2";
import type { Server } from "@grpc/grpc-js";

/** The part of grpc-js' server that makes its HTTP/2 servers: one per address it listens on. */
interface ServerMaker {
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
