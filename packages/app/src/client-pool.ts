import {
  bindClient,
  Cluster,
  clientPipeline,
  ConfigError,
  linkedTransport,
  type BalancerFactory,
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
import { RolloutReports } from "./rollout/rollout-reports.js";

export interface ClientPoolEnv {
  readonly discovery: Discovery;
  /** Where attempts are reported during a rollout; without it they are not. */
  readonly rollouts?: RolloutStore | undefined;
  readonly transport: Transport;
  /** The name of the app that calls, for the logs of those it calls. */
  readonly app?: string | undefined;
  readonly clock: Clock;
  random(): number;
  readonly logger: Logger;
  readonly interceptors: readonly Interceptor[];
  readonly retry?: RetryOptions | undefined;
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
}

interface OpenCluster {
  readonly service: string;
  readonly balancer: BalancerFactory;
  readonly cluster: Cluster;
  readonly feed: Feed<Snapshot> & AsyncDisposable;
}

/** The clients of a process: those of one service and policy share their connections. */
export class ClientPool implements AsyncDisposable {
  readonly #env: ClientPoolEnv;
  readonly #transport: Transport;
  readonly #clusters: OpenCluster[] = [];
  readonly #policies = new Map<string, BalancerFactory>();
  readonly #required = new Set<Cluster>();
  readonly #reports: RolloutReports | undefined;
  #closed = false;

  constructor(env: ClientPoolEnv) {
    this.#env = env;
    this.#transport = linkedTransport(env.transport, env);
    this.#reports =
      env.rollouts && new RolloutReports({ ...env, random: () => env.random(), store: env.rollouts });
  }

  client<S>(contract: ServiceContract<S>, options: ClientOptions = {}): ClientOf<S> {
    const { clock, timeoutMs } = this.#env;
    checkTimeout(contract, options.timeoutMs);
    const cluster = this.#cluster(contract, options);
    if (options.required) this.#required.add(cluster);
    const pipeline = clientPipeline(cluster, this.#env);
    return bindClient(contract, pipeline, { clock, timeoutMs: options.timeoutMs ?? timeoutMs });
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
      await this.#reports?.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0);
  }

  #cluster(contract: ServiceContract<any>, options: ClientOptions): Cluster {
    const { discovery, clock, random, logger, zone, caller } = this.#env;
    const chosen = options.balancer ?? this.#env.balancer;
    const balancer = typeof chosen === "string" ? this.#policy(chosen) : chosen;
    const present = this.#clusters.find(
      (each) => each.service === contract.name && each.balancer === balancer,
    );
    if (present) return present.cluster;
    if (this.#closed) throw new Error(`no client of ${contract.name}: the clients are closed`);
    const feed = discovery.open(contract.name);
    const service = contract.name;
    const cluster = new Cluster({
      service,
      feed,
      transport: this.#transport,
      balancer,
      clock,
      random,
      logger,
      zone,
      caller,
      hangTimeoutMs: this.#env.hangTimeoutMs,
      onAttempt: this.#reports?.of(service),
    });
    this.#clusters.push({ service, balancer, cluster, feed });
    return cluster;
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

function checkTimeout(contract: ServiceContract<any>, timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || timeoutMs > 0) return;
  throw new ConfigError(
    `client of ${contract.name}: timeoutMs is ${timeoutMs}; a timeout is a number of milliseconds above 0`,
  );
}
