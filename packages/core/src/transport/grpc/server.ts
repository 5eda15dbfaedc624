import { Server, ServerCredentials, type ServerOptions } from "@grpc/grpc-js";
import type { Logger } from "pino";
import type { MethodContract, ServiceContract } from "../../contract/contract.js";
import { ConfigError } from "../../errors.js";
import { systemClock, type Clock } from "../../ports/clock.js";
import type { Listener, ServerTransport } from "../../ports/transport.js";
import { grpcHandler, type ServerCallEnv } from "./server-call.js";
import { createServerGuard } from "./server-guard.js";
import { defaultServerLimits, grpcOptions, type GrpcServerLimits } from "./server-limits.js";
import { peersOf } from "./server-peers.js";
import type { CertificateProvider } from "../../tls/certificate-provider.js";
import { authorizePeers } from "./tls-peer.js";
import { TlsServerCredentials, type ClientAuth } from "./tls-server-credentials.js";

/** How a server proves itself, and what it wants to know of its clients. */
export interface ServerTlsOptions {
  /** With a certificate and its key. */
  readonly certificates: CertificateProvider;
  /** Default `none`. */
  readonly clientAuth?: ClientAuth | undefined;
  /** The identities that may call, exactly as in `ctx.peer.identity`. Default: all that `clientAuth` lets in. */
  readonly allowedPeers?: readonly string[] | undefined;
}

/** Where and how the gRPC transport of servers listens. */
export interface GrpcServerTransportOptions {
  /** Default `0.0.0.0`. */
  readonly host?: string | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Default: plain text. */
  readonly tls?: ServerTlsOptions | undefined;
  /** Credentials of grpc-js, in the place of `tls`. */
  readonly credentials?: ServerCredentials | undefined;
  /** Over Rollcall's own server options. */
  readonly serverOptions?: ServerOptions | undefined;
  /** What callers may ask of connections; what is left out has its default. */
  readonly limits?: Partial<GrpcServerLimits> | undefined;
  readonly clock?: Clock | undefined;
  /** Hears of TLS handshakes that fail. Default: nobody does. */
  readonly logger?: Logger | undefined;
  /** From 0 up to 1, for jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const defaults: ServerOptions = {
  // In MB. grpc-js lifts Node's own limit, and without one 1 MB of HPACK becomes 500 MB here. Answers on their way out
  // count too, so it has to hold what one caller may have asked for: 32 of the largest at once.
  "grpc-node.max_session_memory": 128,
  "grpc.so_reuseport": 0,
};

/** Without channelz grpc-js keeps no list of its connections, and a forced shutdown leaves callers waiting. */
const fixed: ServerOptions = { "grpc.enable_channelz": 1 };

const types = {
  unary: "unary",
  server_streaming: "serverStream",
  client_streaming: "clientStream",
  bidi_streaming: "bidi",
} as const;

/** gRPC over HTTP/2 by grpc-js. */
export function createGrpcServerTransport(options: GrpcServerTransportOptions = {}): ServerTransport {
  const { host = "0.0.0.0", port = 0, clock = systemClock, random = Math.random } = options;
  const { serverOptions, logger } = options;
  const limits = { ...defaultServerLimits, ...options.limits };
  return {
    async listen(services, handler, draining) {
      const { tls } = options;
      const dispatch = tls ? authorizePeers(tls.allowedPeers && new Set(tls.allowedPeers))(handler) : handler;
      const guard = createServerGuard(limits, { clock, logger, random });
      const interceptors = [guard.interceptor, ...(serverOptions?.interceptors ?? [])];
      const server = new Server({
        ...defaults,
        ...grpcOptions(limits),
        ...serverOptions,
        ...fixed,
        interceptors,
      });
      guard.attach(server);
      for (const service of services)
        addService(server, service, {
          dispatch,
          draining,
          clock,
          tls: tls !== undefined,
          maxReceiveBytes: limits.maxReceiveBytes,
        });
      const bound = await bind(server, host, port, credentialsOf(options));
      return listener(server, bound);
    },
  };
}

function credentialsOf({ tls, credentials }: GrpcServerTransportOptions): ServerCredentials {
  if (credentials) return credentials;
  if (!tls) return ServerCredentials.createInsecure();
  return new TlsServerCredentials(tls.certificates, tls.clientAuth ?? "none");
}

function addService(server: Server, service: ServiceContract<any>, env: ServerCallEnv): void {
  for (const method of Object.values<MethodContract>(service.methods)) {
    const asIs = (bytes: object): Buffer => bytes as Buffer;
    server.register(method.path, grpcHandler(method, env), asIs, method.request.decode, types[method.kind]);
  }
}

function bind(server: Server, host: string, port: number, credentials: ServerCredentials): Promise<number> {
  const address = host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (!error) return resolve(bound);
      server.forceShutdown();
      reject(
        new ConfigError(
          `cannot listen on ${address}: ${error.message}; set another host or port (ROLLCALL_HOST, ROLLCALL_PORT)`,
          { cause: error },
        ),
      );
    });
  });
}

function listener(server: Server, port: number): Listener {
  return {
    port,
    peers: () => peersOf(server),
    drain: () =>
      new Promise((resolve, reject) => {
        server.tryShutdown((error) => (error ? reject(error) : resolve()));
      }),
    close: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}
