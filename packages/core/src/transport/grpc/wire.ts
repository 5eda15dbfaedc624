import { Channel, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import type { AddressPolicy } from "../address-policy.js";
import { ConnectingSocket } from "./connecting-socket.js";

export interface WireEnv {
  readonly credentials: ChannelCredentials;
  readonly addresses: AddressPolicy;
}

/** One grpc-js channel, closed when the last of its users has let go of it. */
export class Wire {
  readonly channel: Channel;
  readonly #socket: ConnectingSocket;
  #users = 1;
  #failed: (error: unknown) => void;

  /** @param failed told why a connection did not come about */
  constructor(target: string, options: ChannelOptions, env: WireEnv, failed: (error: unknown) => void) {
    this.#failed = failed;
    this.#socket = new ConnectingSocket(
      env.credentials,
      // A name is only as good as what it leads to.
      ({ remoteAddress }) => remoteAddress && env.addresses.refusal(remoteAddress),
      (error) => this.#failed(error),
    );
    this.channel = new Channel(target, this.#socket.credentials, options);
  }

  /** The peer has accepted, and the connection is being made. */
  get accepted(): boolean {
    return this.#socket.accepted;
  }

  /** The connection is made. */
  connected(): void {
    this.#socket.connected();
  }

  /** One more user, who is told of failures from now on. */
  share(failed: (error: unknown) => void): this {
    this.#users++;
    this.#failed = failed;
    return this;
  }

  /** Closing tells those who watch the channel; calls that are under way on it go on. */
  release(): void {
    if (--this.#users > 0) return;
    this.channel.close();
    this.#socket.destroy();
  }
}
