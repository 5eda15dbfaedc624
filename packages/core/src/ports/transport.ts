import type { Call, Handler } from "../call/call.js";
import type { ServiceContract } from "../contract/contract.js";
import type { RpcError } from "../errors.js";
import type { ConnectionState } from "./endpoint.js";
import type { ServiceInstance } from "./registry.js";

/** A client's connection to one instance. */
export interface Connection {
  readonly call: Handler;
  readonly state: ConnectionState;
  /** How many streams its server lets it have at once; undefined while that is not known, and where there is no such limit. */
  readonly maxStreams?: number | undefined;
  /** Returns its removal. */
  onChange(listener: (state: ConnectionState) => void): () => void;
  /**
   * Resolves when the server's process answers; rejects with the signal's reason, or when there is nothing to ask it by.
   * Absent where there never is.
   */
  ping?(signal: AbortSignal): Promise<void>;
  /**
   * Ends those calls in flight that have had no reply yet and for which there is a reason. A transport without it lets
   * them wait for their deadlines.
   */
  abort?(reason: (call: Call) => RpcError | undefined): void;
  /**
   * A connection to another run of the instance at the same address, without connecting again; undefined when this one
   * does not lead there. This one keeps its calls and is still to be closed. A transport without it connects anew.
   */
  moveTo?(instance: ServiceInstance): Connection | undefined;
  /**
   * Takes no new calls; those in flight get `graceMs` to end and are ended then. Resolves when all is closed. A second
   * close may shorten the grace of the first.
   */
  close(graceMs: number): Promise<void>;
}

/** What a connection must hold to, whatever the registry says of the instance. */
export interface ConnectOptions {
  /** Whom the server must prove to be where there is TLS: a DNS name, an IP address or a SPIFFE id. */
  readonly serverName?: string | undefined;
}

/** How clients reach instances. */
export interface Transport {
  /**
   * Begins to connect at once and keeps trying until closed. Throws for an instance that it will not connect to, such as
   * one with an address that is not allowed.
   */
  connect(instance: ServiceInstance, options?: ConnectOptions): Connection;
}

/** A server that is accepting calls. */
export interface Listener {
  /** The port in use. */
  readonly port: number;
  /** Who is connected now: addresses as calls have them in `ctx.peer`. */
  peers(): readonly string[];
  /** Stops accepting connections and tells the peers (GOAWAY); resolves when the last call has ended. */
  drain(): Promise<void>;
  /** Ends whatever is left, at once. */
  close(): Promise<void>;
}

/** How an app is reached. */
export interface ServerTransport {
  /**
   * Rejects with a `ConfigError` that names the address when it cannot be had. The messages that `dispatch` answers with
   * are bytes as a rule; a transport encodes those that are not (`encodedMessage`).
   * @param draining what handlers see as `ctx.draining`
   */
  listen(
    services: readonly ServiceContract<any>[],
    dispatch: Handler,
    draining: AbortSignal,
  ): Promise<Listener>;
}
