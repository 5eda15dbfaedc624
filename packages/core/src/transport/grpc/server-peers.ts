import type { ServerHttp2Session } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { innerCall } from "./inner-call.js";

/** Where grpc-js keeps its connections, for channelz. */
interface Sessions {
  readonly sessions?: ReadonlyMap<ServerHttp2Session, unknown>;
}

/** The addresses of the connections that a server has, written as grpc-js' `getPeer` writes them. */
export function peersOf(server: Server): readonly string[] {
  const { sessions } = server as unknown as Sessions;
  if (!(sessions instanceof Map))
    throw new Error("grpc-js no longer shows the connections of a server: this version is not supported");
  const open = [...(sessions as NonNullable<Sessions["sessions"]>).keys()].filter((each) => !each.destroyed);
  return open.map(({ socket }) => `${socket.remoteAddress}:${socket.remotePort}`);
}

/** By their connections. */
const known = new WeakMap<object, string>();

/**
 * The address that a call came from: asked for once per connection, since each time leads through the proxy that Node
 * has before the socket of an HTTP/2 session.
 */
export function peerOf(call: { readonly call?: object; getPeer(): string }): string {
  const { session } = innerCall(call.call).stream;
  if (!session) return call.getPeer();
  let peer = known.get(session);
  if (peer === undefined) {
    peer = call.getPeer();
    if (!session.destroyed) known.set(session, peer);
  }
  return peer;
}
