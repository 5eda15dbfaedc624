import {
  bindClient,
  Cluster,
  clientPipeline,
  ConfigError,
  type ClientOf,
  type ClientOptions,
  type Clock,
  type Discovery,
  type Feed,
  type Interceptor,
  type RetryOptions,
  type ServiceContract,
  type Snapshot,
  type Transport,
} from "@rollcall/core";
import { balancerByName } from "@rollcall/balancer";
import type { Logger } from "pino";

export interface ClientPoolEnv {
  readonly discovery: Discovery;
  readonly transport: Transport;
  readonly clock: Clock;
  random(): number;
  readonly logger: Logger;
  readonly interceptors: readonly Interceptor[];
  readonly retry?: RetryOptions | undefined;
  /** For clients that name none. */
  readonly balancer: string;
  readonly timeoutMs: number;
}

interface OpenCluster {
  readonly cluster: Cluster;
  readonly feed: Feed<Snapshot> & AsyncDisposable;
}

/** The clients of a process: those of one service and policy share their connections. */
export class ClientPool implements AsyncDisposable {
  readonly #env: ClientPoolEnv;
  readonly #clusters = new Map<string, OpenCluster>();
  readonly #required = new Set<Cluster>();
  #closed = false;

  constructor(env: ClientPoolEnv) {
    this.#env = env;
  }

  client<S>(contract: ServiceContract<S>, options: ClientOptions = {}): ClientOf<S> {
    const { clock, timeoutMs } = this.#env;
    checkTimeout(contract, options.timeoutMs);
    const cluster = this.#cluster(contract, options);
    if (options.required) this.#required.add(cluster);
    const pipeline = clientPipeline(cluster.send, this.#env);
    return bindClient(contract, pipeline, { clock, timeoutMs: options.timeoutMs ?? timeoutMs });
  }

  /** Resolves when every client that is `required` has an instance that can take calls; rejects when the signal aborts first. */
  async ready(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#required].map((cluster) => cluster.ready(signal)));
  }

  /** Lets calls in flight end for `graceMs`, then closes every connection. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    const open = [...this.#clusters.values()];
    this.#clusters.clear();
    await Promise.all(
      open.map(async ({ cluster, feed }) => {
        try {
          await cluster.close(graceMs);
        } finally {
          await feed[Symbol.asyncDispose]();
        }
      }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0);
  }

  #cluster(contract: ServiceContract<any>, options: ClientOptions): Cluster {
    const { discovery, transport, clock, random, logger } = this.#env;
    const balancer = balancerByName(options.balancer ?? this.#env.balancer);
    const key = `${contract.name} ${balancer.name}`;
    const present = this.#clusters.get(key);
    if (present) return present.cluster;
    if (this.#closed) throw new Error(`no client of ${contract.name}: the clients are closed`);
    const feed = discovery.open(contract.name);
    const cluster = new Cluster({ service: contract.name, feed, transport, balancer, clock, random, logger });
    this.#clusters.set(key, { cluster, feed });
    return cluster;
  }
}

function checkTimeout(contract: ServiceContract<any>, timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || timeoutMs > 0) return;
  throw new ConfigError(
    `client of ${contract.name}: timeoutMs is ${timeoutMs}; a timeout is a number of milliseconds above 0`,
  );
}
