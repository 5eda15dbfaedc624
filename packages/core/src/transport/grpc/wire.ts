import { Channel, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import type { AddressPolicy } from "../address-policy.js";
import { ConnectingSocket } from "./connecting-socket.js";
import type { Call } from "../../call/call.js";
import { DirectCalls, type BegunCall, type CallListener } from "./direct-call.js";
import { formatGrpcTimeout } from "./grpc-timeout.js";
import { innermost } from "./reset-stream.js";

export interface WireEnv {
  readonly credentials: ChannelCredentials;
  readonly addresses: AddressPolicy;
}

/** 24 days: a grpc-js server reads a timeout of 2^31 ms, to which more is rounded up, as one that has passed. */
const longestTimeoutMs = 24 * 86_400_000;

/** Options of channels that what goes past them would not heed. */
const channelsAlone = ["grpc.default_compression_algorithm", "grpc.max_receive_message_length"] as const;

/** One grpc-js channel, closed when the last of its users has let go of it. */
export class Wire {
  readonly channel: Channel;
  readonly #socket: ConnectingSocket;
  readonly #mayGoDirectly: boolean;
  #direct: DirectCalls | undefined;
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
    this.#mayGoDirectly = channelsAlone.every((name) => options[name] === undefined);
  }

  /** Begins a call: on the connection itself once that is known. */
  begin(call: Call, timeoutMs: number, listener: CallListener): BegunCall {
    const timeout = timeoutMs > longestTimeoutMs ? undefined : formatGrpcTimeout(timeoutMs);
    if (this.#direct?.takes(call)) {
      try {
        return this.#direct.begin(call, timeout, listener);
      } catch {
        // The connection has gone away, or says that it will: the channel knows what to do.
        this.disconnected();
      }
    }
    const begun = this.channel.createCall(call.method.path, Infinity, null, null, null);
    const metadata = call.metadata.clone();
    if (timeout !== undefined) metadata.set("grpc-timeout", timeout);
    begun.start(metadata, listener);
    return begun;
  }

  /** A call has headers, and so it has a connection. */
  answered(call: BegunCall): void {
    if (this.#direct || !this.#mayGoDirectly) return;
    const inner = innermost(call);
    this.#direct = inner && DirectCalls.besides(inner);
  }

  /** The connection is gone, or takes no more calls. */
  disconnected(): void {
    this.#direct = undefined;
  }

  /** How many streams the peer lets the connection have at once, once a call was answered on it. */
  get maxStreams(): number | undefined {
    return this.#direct?.maxStreams;
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
