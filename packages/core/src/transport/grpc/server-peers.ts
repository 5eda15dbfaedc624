import type { ServerHttp2Session } from "node:http2";
import type { Server } from "@grpc/grpc-js";

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
