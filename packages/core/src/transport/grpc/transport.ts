import { credentials, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import { systemClock, type Clock } from "../../ports/clock.js";
import type { Transport } from "../../ports/transport.js";
import { GrpcConnection } from "./connection.js";
import { keepaliveOf } from "./keepalive.js";

export interface GrpcTransportOptions {
  /** Default: plain text. */
  readonly credentials?: ChannelCredentials | undefined;
  /** Over Rollcall's own channel options. */
  readonly channelOptions?: ChannelOptions | undefined;
  /** How long a peer may accept the connection and stay silent. Default 2 s. */
  readonly connectTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

const defaults: ChannelOptions = {
  // Each instance has a channel of its own: one that comes back at the same address must not inherit a backoff.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
  "grpc.enable_retries": 0,
  "grpc.enable_channelz": 0,
  // A proxy variable in the environment is meant for the outside, not for instances from the registry.
  "grpc.enable_http_proxy": 0,
  // An idle channel would drop its connection, and the next call would wait for a new one.
  "grpc.client_idle_timeout_ms": 2 ** 31 - 1,
};

/** gRPC over HTTP/2 by grpc-js, one channel per instance. */
export function createGrpcTransport(options: GrpcTransportOptions = {}): Transport {
  const env = {
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    credentials: options.credentials ?? credentials.createInsecure(),
    connectTimeoutMs: options.connectTimeoutMs ?? 2_000,
  };
  return {
    connect: (instance) =>
      new GrpcConnection(targetOf(instance.address), {
        ...env,
        options: { ...defaults, ...keepaliveOf(instance), ...options.channelOptions },
      }),
  };
}

/** grpc-js target of a `host:port`: addresses as they are, names by DNS. */
function targetOf(address: string): string {
  if (address.startsWith("[")) return `ipv6:${address}`;
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(address) ? `ipv4:${address}` : `dns:${address}`;
}
