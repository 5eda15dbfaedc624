import {
  ConfigError,
  createGrpcTransport,
  systemClock,
  type BalancerFactory,
  type ClientOf,
  type Interceptor,
  type RegistryBackend,
  type RetryOptions,
  type ServiceContract,
  type Transport,
} from "@rollcall/core";
import type { Logger } from "pino";
import { ClientPool } from "./client-pool.js";
import { callerId } from "./caller-id.js";
import { createLogger } from "./logger.js";
import { openRegistry } from "./registry-url.js";
import { readSettings } from "./settings.js";

export interface CreateClientOptions {
  /** A URL, closed with the client, or a registry of your own. Default `ROLLCALL_REGISTRY`, else etcd on this machine. */
  readonly registry?: string | RegistryBackend | undefined;
  /** The balancing policy: its name, or one of your own. Default `ROLLCALL_BALANCER`, else `weighted-round-robin`. */
  readonly balancer?: string | BalancerFactory | undefined;
  /** Of calls that do not say one, in milliseconds. Default 10 s. */
  readonly timeoutMs?: number | undefined;
  /** The first is outermost. */
  readonly interceptors?: readonly Interceptor[] | undefined;
  readonly retry?: RetryOptions | undefined;
  /** Default: gRPC in plain text. */
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
  options: CreateClientOptions = {},
): ClientOf<S> & AsyncDisposable {
  if (typeof contract?.methods !== "object") {
    throw new ConfigError(
      "createClient: the first argument is not a contract; pass the value that rollcall generate wrote",
    );
  }
  const { registry, balancer, timeoutMs } = options;
  const url = typeof registry === "string" ? registry : undefined;
  const settings = readSettings({
    registry: url,
    balancer: typeof balancer === "string" ? balancer : undefined,
    timeoutMs,
  });
  const logger = options.logger ?? createLogger("rollcall", { ...settings, logLevel: "warn" });
  const { backend, owned } = openRegistry(
    typeof registry === "object" ? registry : settings.registry,
    logger,
  );
  const pool = new ClientPool({
    discovery: backend,
    rollouts: backend.rollouts,
    transport: options.transport ?? createGrpcTransport(),
    clock: systemClock,
    random: Math.random,
    logger,
    interceptors: options.interceptors ?? [],
    retry: options.retry,
    balancer: typeof balancer === "object" ? balancer : settings.balancer,
    subsetSize: settings.subsetSize,
    timeoutMs: settings.timeoutMs,
    hangTimeoutMs: settings.hangTimeoutMs,
    zone: settings.zone,
    caller: callerId(Math.random),
  });
  return Object.assign(pool.client(contract), {
    async [Symbol.asyncDispose]() {
      await pool.close(1_000);
      if (owned) await backend[Symbol.asyncDispose]();
    },
  });
}
