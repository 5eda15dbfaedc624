import { credentials, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { ConfigError } from "../../errors.js";
import { systemClock, type Clock } from "../../ports/clock.js";
import type { Transport } from "../../ports/transport.js";
import type { CertificateProvider } from "../../tls/certificate-provider.js";
import { createAddressPolicy } from "../address-policy.js";
import { GrpcConnection } from "./connection.js";
import { windowBytes } from "./flow-control.js";
import { keepaliveOf } from "./keepalive.js";
import { targetOf } from "./target.js";
import { TlsChannelCredentials } from "./tls-channel-credentials.js";

/** How the gRPC transport of clients connects. */
export interface GrpcTransportOptions {
  /** The certificates to prove oneself with and to judge servers by. Default: plain text. */
  readonly tls?: CertificateProvider | undefined;
  /** Which addresses instances may have, as CIDRs. Default: all but link-local ones. */
  readonly allowedCidrs?: readonly string[] | undefined;
  /** Told why connections fail, once each. Default: nobody. */
  readonly logger?: Logger | undefined;
  /** Credentials of grpc-js, in the place of `tls`. */
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
  "grpc-node.flow_control_window": windowBytes,
};

/**
 * gRPC over HTTP/2 by grpc-js, one channel per instance. `connect` throws for an address that is not allowed, and with
 * `tls` when it is not told whom to expect: what a registry says must not decide that.
 */
export function createGrpcTransport(options: GrpcTransportOptions = {}): Transport {
  const { clock = systemClock, random = Math.random, logger, tls } = options;
  const addresses = createAddressPolicy(options.allowedCidrs);
  const plain = options.credentials ?? credentials.createInsecure();
  const env = {
    clock,
    random,
    addresses,
    logger,
    connectTimeoutMs: options.connectTimeoutMs ?? 2_000,
  };
  return {
    connect(instance, { serverName } = {}) {
      const { address } = instance;
      addresses.check(address);
      const channelOptions = { ...defaults, ...keepaliveOf(instance), ...options.channelOptions };
      const credentialsFor = (): ChannelCredentials => {
        if (!tls || options.credentials) return plain;
        if (serverName === undefined)
          throw new ConfigError("TLS without an expected name of the server: pass serverName to connect");
        return new TlsChannelCredentials(tls, serverName);
      };
      return new GrpcConnection(targetOf(address), {
        ...env,
        options: channelOptions,
        credentials: credentialsFor(),
      });
    },
  };
}
