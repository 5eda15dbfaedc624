import { inspect } from "node:util";
import {
  boundedSignal,
  carefulLogger,
  ConfigError,
  createGrpcServerTransport,
  createGrpcTransport,
  allowLanes,
  laneFeature,
  linkFeature,
  createLoopLag,
  startAll,
  stopAll,
  systemClock,
  type BalancerFactory,
  type BreakerOptions,
  type ClientOf,
  type ClientOptions,
  type Clock,
  type Interceptor,
  type Lifecycle,
  type RegistryBackend,
  type RetryOptions,
  type ServerTransport,
  type ServiceContract,
  type ServiceInstance,
  type Transport,
} from "@rollcall/core";
import type { Container } from "inversify";
import type { Logger } from "pino";
import { advertisedAddress } from "./address.js";
import { callerId } from "./caller-id.js";
import { breakerSwitch, ClientPool } from "./client-pool.js";
import { createContainer, type ServiceType } from "./container.js";
import { createLogger } from "./logger.js";
import { certificatesPart } from "./parts/certificates-part.js";
import { clientsPart } from "./parts/clients-part.js";
import { registrationPart } from "./parts/registration-part.js";
import { registryPart } from "./parts/registry-part.js";
import { rolloutPart } from "./parts/rollout-part.js";
import { serverPart } from "./parts/server-part.js";
import { servicesPart } from "./parts/services-part.js";
import { userPart } from "./parts/user-part.js";
import { readProtection, type ProtectionOptions } from "./protection.js";
import { openRegistry } from "./registry-url.js";
import { runUntilSignal } from "./run.js";
import { readSettings, type Settings, type SettingsInput } from "./settings.js";
import { openTls, serverTls, type TlsOptions } from "./tls.js";

/** What an app is. Every word and number of it can be set by a `ROLLCALL_*` variable, which wins. */
export interface AppOptions extends Omit<SettingsInput, "registry" | "balancer" | "breaker"> {
  /** Shows in the registry, in logs and in commands. */
  readonly name: string;
  /** Classes with `@Service(contract)`. None: an app that only calls. */
  readonly services?: readonly ServiceType[] | undefined;
  /** A URL (`etcd://`, `static://`, `memory://`) or a registry of your own. Default `etcd://127.0.0.1:2379`. */
  readonly registry?: string | RegistryBackend | undefined;
  /** The policy of clients that name none: its name, or one of your own. Default `peak-ewma`. */
  readonly balancer?: string | BalancerFactory | undefined;
  /** Binds what services inject beside clients and plain classes. */
  readonly bind?: ((container: Container) => void) | undefined;
  /** Around every call served; the first is outermost. */
  readonly interceptors?: readonly Interceptor[] | undefined;
  /** Around every call made; the first is outermost. */
  readonly clientInterceptors?: readonly Interceptor[] | undefined;
  readonly retry?: RetryOptions | undefined;
  /** Of every client, unless it says otherwise. `false`, or `ROLLCALL_BREAKER=off`, turns them all off. Default on. */
  readonly breaker?: BreakerOptions | false | undefined;
  /** How the server protects itself: limits of calls, connections, messages and time, with defaults for all. */
  readonly protection?: ProtectionOptions | undefined;
  /** Parts of your own: started before the server listens, stopped after its calls have ended. */
  readonly lifecycles?: readonly Lifecycle[] | undefined;
  /** Default: JSON lines on standard output, readable ones in a terminal. */
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
  /** From 0 up to 1; default `Math.random`. With a clock of its own, a test that does the same every time. */
  readonly random?: (() => number) | undefined;
  /** TLS for all calls, in and out: `true`, or with which files. Default: plain text, unless `ROLLCALL_TLS_*` says otherwise. */
  readonly tls?: boolean | TlsOptions | undefined;
  readonly transport?: Transport | undefined;
  readonly serverTransport?: ServerTransport | undefined;
  /** Where the `ROLLCALL_*` variables are read. Default `process.env`; `{}` for an app that none of them reaches. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** A process's services, clients and place in the registry. */
export interface App extends AsyncDisposable {
  readonly name: string;
  /** `host:port` as registered. Throws before the start. */
  readonly address: string;
  readonly logger: Logger;
  /** Resolves when the app serves and is registered. */
  start(): Promise<void>;
  /** Leaves the registry, lets calls end within the grace period, closes. Once: later calls return the same promise. */
  stop(): Promise<void>;
  /** As `stop`, but without waiting for calls to end: a second signal. */
  force(): Promise<void>;
  /** Starts, serves until SIGTERM or SIGINT, stops; a second signal forces. An uncaught exception stops it too, and the process then exits with 1. */
  run(): Promise<void>;
  /** A client that shares the app's connections. */
  client<S>(contract: ServiceContract<S>, options?: ClientOptions<NoInfer<S>>): ClientOf<S>;
}

/**
 * Puts an app together; nothing runs before `start` or `run`.
 * @throws ConfigError for an option or variable that is wrong
 */
export function createApp(options: AppOptions): App {
  const { name, clock = systemClock, random = Math.random } = options;
  checkOptions(options);
  const registry = typeof options.registry === "string" ? options.registry : undefined;
  const balancer = typeof options.balancer === "string" ? options.balancer : undefined;
  const breaker = breakerSwitch(options.breaker);
  const settings = readSettings({ ...options, registry, balancer, breaker }, options.env);
  const logger = carefulLogger(options.logger ?? createLogger(name, settings));
  const limits = readProtection(options.protection, options.env);
  const servesLanes = settings.lane && allowLanes(limits);
  const tls = openTls(options, { clock, logger });
  const { backend, owned } = openRegistry(
    typeof options.registry === "object" ? options.registry : settings.registry,
    logger,
  );
  const clients = new ClientPool({
    discovery: backend,
    rollouts: backend.rollouts,
    breakerReports: backend.breakers,
    app: name,
    transport:
      options.transport ??
      createGrpcTransport({ ...settings, tls: tls?.certificates, clock, random, logger }),
    serverName: tls?.serverName,
    clock,
    random,
    logger,
    interceptors: options.clientInterceptors ?? [],
    retry: options.retry,
    breaker: settings.breaker === "on" && (options.breaker || {}),
    lane: settings.lane,
    busyPollUs: settings.busyPollUs,
    maxPendingCalls: settings.maxPendingCalls,
    balancer: typeof options.balancer === "object" ? options.balancer : settings.balancer,
    subsetSize: settings.subsetSize,
    timeoutMs: settings.timeoutMs,
    hangTimeoutMs: settings.hangTimeoutMs,
    zone: settings.zone,
    caller: callerId(random),
  });
  const container = createContainer({ clients, bind: options.bind });
  const services = servicesPart(container, options.services ?? [], clock);
  const server = serverPart({
    services,
    transport:
      options.serverTransport ??
      createGrpcServerTransport({
        host: settings.host,
        port: settings.port,
        tls: serverTls(tls),
        limits,
        clock,
        logger,
        random,
      }),
    interceptors: options.interceptors ?? [],
    edge: settings.edge,
    reflection: settings.reflection,
    lane: servesLanes,
    busyPollUs: settings.busyPollUs,
    identity: () => ({ instance: settings.id || address(), incarnation, app: name }),
    limits: { ...limits, serverTimeoutMs: settings.serverTimeoutMs },
    // Where time is somebody else's, the machine's delays mean nothing.
    ...(options.clock ? {} : { loopLag: createLoopLag }),
    clock,
    random,
    logger,
  });
  const address = (): string => advertisedAddress(settings.advertise, settings.host, server.port);
  const incarnation = `${Math.floor(clock.now())}-${Math.floor(random() * 36 ** 8).toString(36)}`;
  const registration = registrationPart({
    backend,
    server,
    instances: () =>
      services.bound.map(({ contract }) =>
        instance(options, { ...settings, lane: servesLanes }, incarnation, contract.name, address()),
      ),
    propagationDelayMs: settings.propagationDelayMs,
    clock,
    logger,
  });
  const rollouts = rolloutPart({
    backend,
    services,
    candidate: () => `${name} ${settings.id || address()}`,
    clock,
    random,
    logger,
  });
  // Started in this order, stopped in the reverse: in the registry only while everything else runs.
  const parts = [
    ...(tls ? [certificatesPart(tls.certificates)] : []),
    registryPart(backend, owned, settings, clock),
    ...(options.lifecycles ?? []).map((part) => userPart(part, clock)),
    services,
    clientsPart(clients),
    server,
    rollouts,
    // Last, and so the first to stop: callers are told before anything else is done.
    registration,
  ];

  const starting = new AbortController();
  const forcing = new AbortController();
  let started: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;

  const stop = async (): Promise<void> => {
    starting.abort(new Error(`${name} was stopped while it started`));
    await started?.catch(() => {});
    logger.info({ gracePeriodMs: settings.gracePeriodMs }, "stopping");
    const bounded = boundedSignal(clock, settings.gracePeriodMs, forcing.signal);
    const errors = await stopAll(parts, bounded.signal, logger);
    bounded.release();
    logger.info("stopped");
    if (errors.length > 0) throw new AggregateError(errors, `${name} did not stop cleanly`);
  };

  const app: App = {
    name,
    logger,
    get address() {
      return address();
    },
    async start() {
      started ??= startAll(parts, starting.signal, logger);
      try {
        await started;
      } catch (error) {
        await app.stop().catch(() => {});
        throw error;
      }
      logger.info({ address: address(), version: settings.version, track: settings.track }, "serving");
    },
    stop: () => (stopped ??= stop()),
    force() {
      forcing.abort(new Error("forced"));
      return app.stop();
    },
    run: () => runUntilSignal(app),
    client: (contract, clientOptions) => clients.client(contract, clientOptions),
    [Symbol.asyncDispose]: () => app.stop(),
  };
  return app;
}

/** What the compiler and the settings' table do not see. */
function checkOptions({ name, registry }: AppOptions): void {
  if (typeof name !== "string" || !/^[^\s\p{Cc}]{1,256}$/u.test(name))
    throw new ConfigError(`option name is ${inspect(name)}; allowed: up to 256 characters without spaces`);
  if (registry === null || (typeof registry === "object" && typeof registry.open !== "function"))
    throw new ConfigError(
      // Without its contents: a password may be among them.
      `option registry is ${registry === null ? "null" : "an object without open()"}; allowed: a URL or a registry`,
    );
}

function instance(
  options: AppOptions,
  settings: Settings,
  incarnation: string,
  service: string,
  address: string,
): ServiceInstance {
  const { version, track, zone, weight } = settings;
  return {
    id: settings.id || address,
    incarnation,
    app: options.name,
    service,
    address,
    version,
    track,
    zone,
    weight,
    state: "up",
    features: settings.lane ? [linkFeature, laneFeature] : [linkFeature],
    labels: settings.labels,
  };
}
