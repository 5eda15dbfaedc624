import type { Socket } from "node:net";
import type { ChannelCredentials } from "@grpc/grpc-js";

/** The kernel asks after this much silence, and then up to ten times, a second apart. */
const tcpKeepaliveMs = 8_000;

/**
 * Credentials that also show the socket of the connection being made. A channel that is closed while it waits for a
 * silent peer leaves that socket open for as long as the peer does; `destroy` closes it. One that is closed in a backoff
 * connects once more when that ends, and nobody would ever close that connection: after `destroy` none is made. A connection that `refusal` has
 * something against ends before a byte is sent, and `failed` is told why one did not come about.
 */
export class ConnectingSocket {
  readonly credentials: ChannelCredentials;
  #socket: Socket | undefined;
  #destroyed = false;

  constructor(
    credentials: ChannelCredentials,
    refusal: (socket: Socket) => string | undefined = () => undefined,
    failed: (error: unknown) => void = () => {},
  ) {
    const create: ChannelCredentials["_createSecureConnector"] = (...args) => {
      const connector = credentials._createSecureConnector(...args);
      return {
        connect: (socket) => {
          this.#socket = socket;
          // A peer that is gone without a word is found out while nothing is under way, whatever pings it permits.
          socket.setKeepAlive(true, tcpKeepaliveMs);
          const reason = refusal(socket);
          const secured =
            reason === undefined ? connector.connect(socket) : Promise.reject(new Error(reason));
          const failing = (error: unknown): void => {
            if (this.#socket === socket) failed(error);
          };
          // With TLS 1.3 a server says only after the handshake that it does not like our certificate.
          secured.then((made) => made.socket.on("error", failing), failing);
          return secured;
        },
        // Before the connection is begun.
        waitForReady: () =>
          this.#destroyed ? Promise.reject(new Error("the channel is closed")) : connector.waitForReady(),
        getCallCredentials: () => connector.getCallCredentials(),
        destroy: () => connector.destroy(),
      };
    };
    this.credentials = Object.create(credentials, {
      _createSecureConnector: { value: create },
    }) as ChannelCredentials;
  }

  /** The peer has accepted, and the connection is being made. */
  get accepted(): boolean {
    return this.#socket?.destroyed === false;
  }

  /** The connection is made: its socket is not ours to close. */
  connected(): void {
    this.#socket = undefined;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}
