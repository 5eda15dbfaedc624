import {
  carefulLogger,
  ConfigError,
  createGrpcTransport,
  systemClock,
  type BalancerFactory,
  type BreakerOptions,
  type ClientOf,
  type Fallback,
  type Interceptor,
  type RegistryBackend,
  type RetryOptions,
  type ServiceContract,
  type Transport,
} from "@rollcall/core";
import type { Logger } from "pino";
import { breakerSwitch, ClientPool } from "./client-pool.js";
import { callerId } from "./caller-id.js";
import { createLogger } from "./logger.js";
import { openRegistry } from "./registry-url.js";
import { readSettings } from "./settings.js";
import { openTls, type TlsOptions } from "./tls.js";

/** What `createClient` takes; everything has a default. */
export interface CreateClientOptions<S = any> {
  /** A URL, closed with the client, or a registry of your own. Default `ROLLCALL_REGISTRY`, else etcd on this machine. */
  readonly registry?: string | RegistryBackend | undefined;
  /** The balancing policy: its name, or one of your own. Default `ROLLCALL_BALANCER`, else `peak-ewma`. */
  readonly balancer?: string | BalancerFactory | undefined;
  /** Of calls that do not say one, in milliseconds. Default 10 s. */
  readonly timeoutMs?: number | undefined;
  /** The first is outermost. */
  readonly interceptors?: readonly Interceptor[] | undefined;
  readonly retry?: RetryOptions | undefined;
  /** `false`, or `ROLLCALL_BREAKER=off`, turns it off. Default on. */
  readonly breaker?: BreakerOptions | false | undefined;
  /** Answers for methods whose call has failed by the server's fault, in time's want or at an open breaker. Default none. */
  readonly fallback?: Fallback<S> | undefined;
  /** How many calls may wait for an endpoint; more fail at once with `resource_exhausted`. Default 10 000. */
  readonly maxPendingCalls?: number | undefined;
  /** `false`, or `ROLLCALL_LANE=off`, sends every call as a stream of its own. Default true. */
  readonly lane?: boolean | undefined;
  /** How long to look for an answer on a lane before the process sleeps, in microseconds; 0 for never. Default 300. */
  readonly busyPollUs?: number | undefined;
  /** `true`, or with which files, and who the server must be. Default: plain text, unless `ROLLCALL_TLS_*` says otherwise. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** Default: gRPC. */
  readonly transport?: Transport | undefined;
  /** Default: warnings and errors on standard output. */
  readonly logger?: Logger | undefined;
}

/**
 * A typed client outside of an app: for scripts, gateways and tests. Dispose of it when done (`await using`); until
 * then its connections keep the process alive.
 */
export function createClient<S>(
  contract: ServiceContract<S>,
  options: CreateClientOptions<NoInfer<S>> = {},
): ClientOf<S> & AsyncDisposable {
  if (typeof contract?.methods !== "object") {
    throw new ConfigError(
      "createClient: the first argument is not a contract; pass the value that rollcall generate wrote",
    );
  }
  const { registry, balancer, timeoutMs, maxPendingCalls, fallback } = options;
  const url = typeof registry === "string" ? registry : undefined;
  const settings = readSettings({
    registry: url,
    balancer: typeof balancer === "string" ? balancer : undefined,
    timeoutMs,
    breaker: breakerSwitch(options.breaker),
    maxPendingCalls,
    lane: options.lane,
    busyPollUs: options.busyPollUs,
  });
  const logger = carefulLogger(options.logger ?? createLogger("rollcall", { ...settings, logLevel: "warn" }));
  const { backend, owned } = openRegistry(
    typeof registry === "object" ? registry : settings.registry,
    logger,
  );
  const tls = openTls(options, { clock: systemClock, logger });
  tls?.certificates.start();
  const pool = new ClientPool({
    discovery: backend,
    rollouts: backend.rollouts,
    breakerReports: backend.breakers,
    transport: options.transport ?? createGrpcTransport({ ...settings, tls: tls?.certificates, logger }),
    serverName: tls?.serverName,
    clock: systemClock,
    random: Math.random,
    logger,
    interceptors: options.interceptors ?? [],
    retry: options.retry,
    breaker: settings.breaker === "on" && (options.breaker || {}),
    lane: settings.lane,
    busyPollUs: settings.busyPollUs,
    maxPendingCalls: settings.maxPendingCalls,
    balancer: typeof balancer === "object" ? balancer : settings.balancer,
    subsetSize: settings.subsetSize,
    timeoutMs: settings.timeoutMs,
    hangTimeoutMs: settings.hangTimeoutMs,
    zone: settings.zone,
    caller: callerId(Math.random),
  });
  return Object.assign(pool.client(contract, { fallback }), {
    async [Symbol.asyncDispose]() {
      await pool.close(1_000);
      tls?.certificates.close();
      if (owned) await backend[Symbol.asyncDispose]();
    },
  });
}
