import type { ServerOptions } from "@grpc/grpc-js";

/** What callers may ask of a server's connections, whatever is called. 0 stands for no limit. */
export interface GrpcServerLimits {
  /**
   * Calls at once on one connection; callers' further ones wait on their side, and a connection that opens hundreds more
   * all the same is closed. Default 1,000: more than one caller has under way in ordinary use, while a stream that sends
   * nothing holds some 10 KB.
   */
  readonly maxConcurrentStreams: number;
  /**
   * Calls that one connection may cancel per second, over time, and four times as many at once; a connection that cancels
   * more is closed (the rapid reset attack). Default 500, some 4 % of a core; Node's 33 would cut off a caller whose calls
   * often meet their deadlines.
   */
  readonly maxResetsPerSecond: number;
  /**
   * Calls of all connections whose one request has not arrived in full; one more gets RESOURCE_EXHAUSTED. Default 4,096,
   * some 40 MB: after a pause of the event loop a thousand small calls may come in one read.
   */
  readonly maxPendingRequests: number;
  /** How long such a request may take to arrive, in milliseconds; then the call ends with DEADLINE_EXCEEDED. Default 30,000. */
  readonly requestTimeoutMs: number;
  /** The largest request message, inflated; larger ones get RESOURCE_EXHAUSTED. Default 4 MiB, as everywhere in gRPC. */
  readonly maxReceiveBytes: number;
  /** The largest response message; larger ones become RESOURCE_EXHAUSTED. Default 0, no limit, as everywhere in gRPC. */
  readonly maxSendBytes: number;
  /**
   * Bytes of compressed requests, inflated, that calls under way may hold together; a message beyond gets
   * RESOURCE_EXHAUSTED. As much again may be inflating at a time, others wait. Default 64 MiB: sixteen of the largest
   * messages, or thousands of ordinary ones.
   */
  readonly maxInflatedBytes: number;
  /** Header fields of one request, some ten of HTTP/2 and gRPC included; with more the stream is refused. Default 128, Node's. */
  readonly maxMetadataPairs: number;
  /** Bytes of one request's header fields; with more the stream is refused. Default 64 KiB, Node's. */
  readonly maxMetadataBytes: number;
  /**
   * How long a connection may take until its client has sent HTTP/2's preface and settings, in milliseconds; then it is
   * closed. Default 5,000.
   */
  readonly handshakeTimeoutMs: number;
  /** A connection without a call for as long is closed, in milliseconds. Default 900,000 (15 minutes). */
  readonly connectionIdleMs: number;
  /**
   * A connection is pinged this often, in milliseconds, so that one whose peer is gone without a word is noticed, and its
   * streams end. Default 30,000: with the timeout within a minute. gRPC clients do not limit a server's pings.
   */
  readonly keepaliveIntervalMs: number;
  /** How long the answer to a ping may take, in milliseconds; then the connection is closed. Default 20,000, gRPC's. */
  readonly keepaliveTimeoutMs: number;
}

/** The limits of connections on a server unless it is told otherwise. */
export const defaultServerLimits: GrpcServerLimits = {
  maxConcurrentStreams: 1_000,
  maxResetsPerSecond: 500,
  maxPendingRequests: 4_096,
  requestTimeoutMs: 30_000,
  maxReceiveBytes: 4 << 20,
  maxSendBytes: 0,
  maxInflatedBytes: 64 << 20,
  maxMetadataPairs: 128,
  maxMetadataBytes: 64 << 10,
  handshakeTimeoutMs: 5_000,
  connectionIdleMs: 900_000,
  keepaliveIntervalMs: 30_000,
  keepaliveTimeoutMs: 20_000,
};

/** The limits that grpc-js keeps itself, as it writes them. */
export function grpcOptions(limits: GrpcServerLimits): ServerOptions {
  return {
    ...unlessZero("grpc.max_concurrent_streams", limits.maxConcurrentStreams),
    "grpc.max_receive_message_length": limits.maxReceiveBytes || -1,
    "grpc.max_send_message_length": limits.maxSendBytes || -1,
    ...unlessZero("grpc.max_connection_idle_ms", limits.connectionIdleMs),
    ...unlessZero("grpc.keepalive_time_ms", limits.keepaliveIntervalMs),
    // Without one grpc-js would close the connection at the next turn.
    "grpc.keepalive_timeout_ms": limits.keepaliveTimeoutMs || 20_000,
  };
}

function unlessZero(name: keyof ServerOptions, value: number): ServerOptions {
  return value === 0 ? {} : { [name]: value };
}
