import {
  bindClient,
  breakerSettings,
  Cluster,
  clientPipeline,
  ConfigError,
  linkedTransport,
  expandServerName,
  type BalancerFactory,
  type BreakerOptions,
  type BreakerReports,
  type ClientOf,
  type ClientOptions,
  type Clock,
  type Discovery,
  type Feed,
  type Interceptor,
  type RetryOptions,
  type RolloutStore,
  type ServiceContract,
  type Snapshot,
  type Transport,
} from "@rollcall/core";
import { balancerByName, standardStack } from "@rollcall/balancer";
import type { Logger } from "pino";
import { BreakerReporter } from "./breaker/breaker-reporter.js";
import { RolloutReports } from "./rollout/rollout-reports.js";

export interface ClientPoolEnv {
  readonly discovery: Discovery;
  /** Where attempts are reported during a rollout; without it they are not. */
  readonly rollouts?: RolloutStore | undefined;
  readonly transport: Transport;
  /** The name of the app that calls, for the logs of those it calls and for reports. Default none. */
  readonly app?: string | undefined;
  /** With TLS: whom servers must prove to be, for clients that do not say; see `expandServerName`. */
  readonly serverName?: string | undefined;
  readonly clock: Clock;
  random(): number;
  readonly logger: Logger;
  readonly interceptors: readonly Interceptor[];
  readonly retry?: RetryOptions | undefined;
  /** For all clients; `false` turns every breaker off. */
  readonly breaker?: BreakerOptions | false | undefined;
  /** Whether unary calls go over links where servers take them so. Default true. */
  readonly lane?: boolean | undefined;
  /** How long the process looks for the next answer on a lane before it sleeps, in microseconds; 0 for never. */
  readonly busyPollUs: number;
  /** For clients that say none. Default 10 000. */
  readonly maxPendingCalls?: number | undefined;
  /** For clients that name none. */
  readonly balancer: string | BalancerFactory;
  /** How many instances of a service a client uses; 0 for all. */
  readonly subsetSize: number;
  readonly timeoutMs: number;
  /** See `Settings`. Default 500. */
  readonly hangTimeoutMs?: number | undefined;
  readonly zone: string;
  /** Tells this process from other callers. */
  readonly caller: string;
  /** Where breakers that are not closed are reported; without it they are not. */
  readonly breakerReports?: BreakerReports | undefined;
}

interface OpenCluster {
  readonly service: string;
  readonly balancer: BalancerFactory;
  readonly serverName: string | undefined;
  readonly cluster: Cluster;
  readonly feed: Feed<Snapshot> & AsyncDisposable;
}

/** The clients of a process: those of one service, policy and expected server share their connections. */
export class ClientPool implements AsyncDisposable {
  readonly #env: ClientPoolEnv;
  readonly #transport: Transport;
  readonly #clusters: OpenCluster[] = [];
  readonly #policies = new Map<string, BalancerFactory>();
  readonly #required = new Set<Cluster>();
  readonly #reports: RolloutReports | undefined;
  readonly #breakers = new Map<string, BreakerReporter>();
  #closed = false;

  constructor(env: ClientPoolEnv) {
    this.#env = env;
    this.#transport = linkedTransport(env.transport, env);
    this.#reports =
      env.rollouts && new RolloutReports({ ...env, random: () => env.random(), store: env.rollouts });
  }

  client<S>(contract: ServiceContract<S>, options: ClientOptions<NoInfer<S>> = {}): ClientOf<S> {
    const { clock, random, logger, interceptors, retry, timeoutMs } = this.#env;
    checkClient(contract, options);
    const cluster = this.#cluster(contract, options);
    if (options.required) this.#required.add(cluster);
    const pipeline = clientPipeline(cluster, {
      clock,
      random,
      logger,
      interceptors,
      retry,
      breaker: breakerOf(this.#env.breaker, options.breaker),
      onBreaker: this.#breakerReporter(contract.name)?.changed,
      maxPendingCalls: options.maxPendingCalls ?? this.#env.maxPendingCalls,
    });
    const env = { clock, timeoutMs: options.timeoutMs ?? timeoutMs };
    return bindClient(contract, pipeline, env, options.fallback);
  }

  /** Resolves when every client that is `required` has an instance that can take calls; rejects when the signal aborts first. */
  async ready(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#required].map((cluster) => cluster.ready(signal)));
  }

  /** Lets calls in flight end for `graceMs`, then closes every connection. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    try {
      await Promise.all(
        this.#clusters.splice(0).map(async ({ cluster, feed }) => {
          try {
            await cluster.close(graceMs);
          } finally {
            await feed[Symbol.asyncDispose]();
          }
        }),
      );
    } finally {
      const breakers = Array.from(this.#breakers.values(), (each) => each.close());
      await Promise.all([this.#reports?.close(), ...breakers]);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0);
  }

  #cluster(contract: ServiceContract<any>, options: ClientOptions): Cluster {
    const { discovery, clock, random, logger, zone, caller } = this.#env;
    const chosen = options.balancer ?? this.#env.balancer;
    const balancer = typeof chosen === "string" ? this.#policy(chosen) : chosen;
    const serverName = this.#serverName(contract, options);
    const present = this.#clusters.find(
      (each) =>
        each.service === contract.name && each.balancer === balancer && each.serverName === serverName,
    );
    if (present) return present.cluster;
    if (this.#closed) throw new Error(`no client of ${contract.name}: the clients are closed`);
    const feed = discovery.open(contract.name);
    const service = contract.name;
    const cluster = new Cluster({
      service,
      feed,
      // The name comes from here, never from the registry.
      transport: { connect: (instance) => this.#transport.connect(instance, { serverName }) },
      balancer,
      clock,
      random,
      logger,
      zone,
      caller,
      hangTimeoutMs: this.#env.hangTimeoutMs,
      onAttempt: this.#reports?.of(service),
    });
    this.#clusters.push({ service, balancer, serverName, cluster, feed });
    return cluster;
  }

  #breakerReporter(service: string): BreakerReporter | undefined {
    const { breakerReports: store, app = "" } = this.#env;
    if (!store) return undefined;
    const known = this.#breakers.get(service);
    if (known) return known;
    const reporter = new BreakerReporter({
      ...this.#env,
      random: () => this.#env.random(),
      service,
      app,
      store,
    });
    this.#breakers.set(service, reporter);
    return reporter;
  }

  #serverName({ name }: ServiceContract<any>, { tls }: ClientOptions): string | undefined {
    const template = this.#env.serverName;
    return template === undefined ? undefined : expandServerName(tls?.serverName ?? template, name);
  }

  /** A named policy comes with what belongs around it; one of the user's own is taken as it is. */
  #policy(name: string): BalancerFactory {
    const known = this.#policies.get(name);
    if (known) return known;
    const subsetSize = this.#env.subsetSize || undefined;
    const policy = standardStack(balancerByName(name), { subsetSize });
    this.#policies.set(name, policy);
    return policy;
  }
}

/**
 * The setting that an option stands for.
 * @throws ConfigError for an option that is wrong: before there is a client
 */
export function breakerSwitch(option: BreakerOptions | false | undefined): "on" | "off" | undefined {
  if (option === undefined) return undefined;
  if (option === false) return "off";
  breakerSettings(option);
  return "on";
}

/** A client's own options go over those of all clients. */
function breakerOf(
  all: BreakerOptions | false | undefined,
  own: BreakerOptions | false | undefined,
): BreakerOptions | false | undefined {
  if (all === false || own === false) return false;
  return own === undefined ? all : { ...all, ...own };
}

function checkClient(contract: ServiceContract<any>, { timeoutMs, maxPendingCalls }: ClientOptions): void {
  const refuse = (what: string): never => {
    throw new ConfigError(`client of ${contract.name}: ${what}`);
  };
  if (timeoutMs !== undefined && !(timeoutMs > 0))
    refuse(`timeoutMs is ${timeoutMs}; a timeout is a number of milliseconds above 0`);
  if (maxPendingCalls !== undefined && !(maxPendingCalls >= 0))
    refuse(`maxPendingCalls is ${maxPendingCalls}; allowed: a number from 0`);
}
