import type { Clock, Handler, Metadata, MethodContract, RpcError } from "@rollcall/core";
import type { Carry } from "./pipe.js";

/** What a network is to those on it. */
export interface Wire {
  readonly clock: Clock;
  readonly random: () => number;
  /** One way, in milliseconds; 0: in the same turn of the event loop. */
  readonly latencyMs: number;
  /** Whether errors keep their causes on the way from a server. */
  readonly revealCauses: boolean;
  /** As the clock's timer; 0 is the end of this turn, without any time. Returns its cancellation. */
  after(ms: number, fire: () => void): () => void;
  /** What listens at an address; undefined when a connection would be refused. */
  find(address: string): Peer | undefined;
  /** Whether packets to an address are swallowed: neither refused nor answered. */
  isSilent(address: string): boolean;
  /** Runs `arrive` when the way to and from an address lets it through: at once, or when that is silent no more. */
  deliver(address: string, arrive: () => void): void;
  /** @returns the port; throws when the address is taken */
  bind(host: string, port: number, peer: Peer): number;
  unbind(address: string, peer: Peer): void;
  /** An address for one end of a connection: no other has it. */
  dial(): string;
  connected(link: Link): void;
  disconnected(link: Link): void;
}

/** A listening server, as connections see it. */
export interface Peer {
  /** False once it has sent GOAWAY. */
  readonly accepting: boolean;
  readonly methods: ReadonlyMap<string, MethodContract>;
  readonly dispatch: Handler;
  readonly draining: AbortSignal;
  /** `host:port`. */
  readonly address: string;
  /** Runs what belongs to the server: not in the async context of a caller that happens to share its process. */
  inItsContext(run: () => void): void;
  attach(link: Link): void;
  /** The connection is over: nothing of it is in flight any more. */
  detach(link: Link): void;
  began(call: ServerSide): void;
  ended(call: ServerSide): void;
  /** Gone at once, with everything in flight. */
  crash(): void;
}

/** A client's connection, as servers and the network see it. */
export interface Link {
  /** As servers see it. */
  readonly localAddress: string;
  /** The server takes no more calls (`goaway`), or is gone with everything in flight (`broken`). */
  lost(how: "goaway" | "broken", peer: Peer): void;
  /** Nothing comes from an address any more. */
  silenced(address: string): void;
  /** An address can be reached again. */
  restored(address: string): void;
}

/** The client's end of a call, as the server's end sees it: what it is told has crossed the wire. */
export interface Caller {
  /** Of its connection. */
  readonly address: string;
  readonly carry: Carry;
  /** The call came to a server that takes no more. */
  refused(): void;
  /** The headers of a stream. */
  opened(header: Metadata): void;
  /** All of a unary answer. */
  answered(header: Metadata, message: Buffer, trailer: Metadata): void;
  /** The end of a stream. */
  completed(trailer: Metadata): void;
  failed(error: RpcError, trailer: Metadata): void;
  /** The connection is gone, for both ends. */
  broken(): void;
}

/** The server's end of a call, as its listener knows it. */
export interface ServerSide {
  /** The connection is gone: the handler learns that its caller is. */
  broken(): void;
}
