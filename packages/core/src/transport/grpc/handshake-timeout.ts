import type { Http2Server } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "../../ports/clock.js";

/**
 * Closes connections that have not sent HTTP/2's preface and settings, nor ended their TLS handshake before it, within
 * `timeoutMs`: silent sockets, and clients of other protocols. 0 waits for ever.
 */
export function limitHandshake(http2: Http2Server, timeoutMs: number, clock: Clock): void {
  if (timeoutMs === 0) return;
  /** By the peer's address: a session does not show the socket below its TLS. */
  const waiting = new Map<string, () => void>();
  const arrived = (peer: string): void => {
    waiting.get(peer)?.();
    waiting.delete(peer);
  };
  // Before Node's own listener, which makes the session.
  http2.prependListener("connection", (socket: Socket) => {
    const peer = addressOf(socket);
    if (peer === undefined) return;
    waiting.set(
      peer,
      clock.timer(timeoutMs, () => {
        waiting.delete(peer);
        socket.destroy();
      }),
    );
    socket.once("close", () => arrived(peer));
  });
  http2.on("session", (session) => {
    const peer = addressOf(session.socket);
    if (peer !== undefined) session.once("remoteSettings", () => arrived(peer));
  });
}

/** A socket that has been closed already, or is none of TCP's, has no address. */
function addressOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
