import type { Logger } from "pino";
import type { Clock } from "../ports/clock.js";
import type { Feed } from "../ports/feed.js";
import type { ServiceInstance, Snapshot } from "../ports/registry.js";
import type { Connection, Transport } from "../ports/transport.js";
import type { RolloutPolicy } from "../ports/rollout.js";
import { ClusterEndpoint, runOf } from "./endpoint.js";
import { foreignMs } from "./foreign.js";
import { HangWatch } from "./hang-watch.js";
import { probe } from "./probe.js";
import { suspects, suspicionWindowMs } from "./suspicion.js";

interface MembershipEnv {
  readonly service: string;
  readonly feed: Feed<Snapshot>;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  random(): number;
  readonly slowStartMs?: number | undefined;
  readonly hangTimeoutMs?: number | undefined;
}

/** A suspect is asked this often whether it lives, and believed gone after this long whatever it says. */
const suspectProbeMs = 5_000;
const suspectMostMs = 10 * 60_000;

/** Keeps one endpoint per instance of the newest snapshot, and knows which of them can take calls. */
export class Membership {
  readonly #env: MembershipEnv;
  readonly #onChange: () => void;
  readonly #endpoints = new Map<string, ClusterEndpoint>();
  /** Left, with calls that may still end. */
  readonly #leaving = new Set<ClusterEndpoint>();
  /** Ids that are missing from the registry without a goodbye, and when they went. */
  readonly #missing = new Map<string, number>();
  readonly #end = new AbortController();
  /** Instances that were warned about. */
  readonly #unusable = new Set<string>();
  #available: readonly ClusterEndpoint[] = [];
  #policy: RolloutPolicy | undefined;
  #known = false;
  #edition = 0;

  constructor(env: MembershipEnv, onChange: () => void) {
    this.#env = env;
    this.#onChange = onChange;
    void this.#follow();
  }

  get all(): readonly ClusterEndpoint[] {
    return [...this.#endpoints.values()];
  }

  /** Another number whenever `all`, what is known of one of them, or `policy` has changed; connections do not count. */
  get edition(): number {
    return this.#edition;
  }

  /** Whether the registry has been read. */
  get known(): boolean {
    return this.#known;
  }

  /** How calls are shared out among them; undefined when nobody has said. */
  get policy(): RolloutPolicy | undefined {
    return this.#policy;
  }

  /** Those that take calls now: connected, alive and not draining. */
  get available(): readonly ClusterEndpoint[] {
    return this.#available;
  }

  /** What there is, for an error message: `2 instances: 1 failed, 1 draining`. */
  describe(): string {
    if (!this.#known) return `the registry has not answered yet for ${this.#env.service}`;
    const counts = new Map<string, number>();
    for (const endpoint of this.#endpoints.values()) {
      const connection = endpoint.hung ? "hung" : endpoint.connection;
      const state = endpoint.instance.state === "draining" ? "draining" : connection;
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    const total = this.#endpoints.size;
    if (total === 0) return `no instance of ${this.#env.service} is registered`;
    const states = [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
    return `${total} instance${total === 1 ? "" : "s"} of ${this.#env.service}: ${states}`;
  }

  /** Leaves an endpoint alone for a while, if there are others: its server says that it does not have the service. */
  disown(endpoint: ClusterEndpoint): void {
    const { clock, logger, service } = this.#env;
    const times = (endpoint.foreign?.times ?? 0) + 1;
    const ms = Math.min(foreignMs.most, foreignMs.first * 2 ** (times - 1));
    endpoint.foreign = { untilMs: clock.now() + ms, times };
    const { id, address } = endpoint.instance;
    if (times === 1) logger.warn({ service, instance: id, address }, "instance does not have the service");
    clock.sleep(ms, this.#end.signal).then(
      () => this.#publish(),
      () => {},
    );
    this.#publish();
  }

  async close(graceMs: number): Promise<void> {
    this.#end.abort();
    const all = [...this.#endpoints.values(), ...this.#leaving];
    for (const endpoint of this.#endpoints.values()) this.#letGo(endpoint);
    this.#endpoints.clear();
    this.#edition++;
    this.#publish();
    await Promise.all(all.map((endpoint) => endpoint.transport.close(graceMs)));
  }

  async #follow(): Promise<void> {
    let seen: Snapshot | undefined;
    try {
      for (;;) {
        seen = await this.#env.feed.next(seen, this.#end.signal);
        this.#apply(seen);
      }
    } catch (error) {
      if (!this.#end.signal.aborted)
        this.#env.logger.error({ err: error, service: this.#env.service }, "discovery ended");
    }
  }

  #apply(snapshot: Snapshot): void {
    const before = [...this.#endpoints.values()];
    const next = new Map(snapshot.instances.map((instance) => [runOf(instance), instance]));
    const ids = new Set(snapshot.instances.map((instance) => instance.id));
    const up = before.filter(
      (endpoint) => endpoint.instance.state === "up" && endpoint.suspectSinceMs === undefined,
    );
    const vanished = up.filter(({ instance }) => !next.has(runOf(instance)) && !ids.has(instance.id));
    const nowMs = this.#env.clock.now();
    for (const [id, sinceMs] of this.#missing)
      if (ids.has(id) || nowMs - sinceMs > suspicionWindowMs) this.#missing.delete(id);
    const doubted = new Set(suspects(up.length, vanished, this.#missing.size));
    for (const { instance } of vanished) this.#missing.set(instance.id, nowMs);

    const gone: ClusterEndpoint[] = [];
    for (const endpoint of before) {
      const run = runOf(endpoint.instance);
      const instance = next.get(run);
      if (instance) {
        endpoint.instance = instance;
        endpoint.suspectSinceMs = undefined;
      } else if (doubted.has(endpoint)) {
        this.#suspect(endpoint);
      } else if (endpoint.suspectSinceMs === undefined || ids.has(endpoint.instance.id)) {
        this.#forget(endpoint);
        gone.push(endpoint);
      }
    }
    for (const run of this.#unusable) if (!next.has(run)) this.#unusable.delete(run);
    const newcomers = [...next.values()].filter((instance) => !this.#endpoints.has(runOf(instance)));
    // When all are new there is nobody to protect them from the load.
    const slowStartMs = this.#endpoints.size > 0 ? (this.#env.slowStartMs ?? 10_000) : 0;
    for (const instance of newcomers) {
      const slowStart =
        slowStartMs > 0 ? { fromMs: this.#env.clock.now(), windowMs: slowStartMs } : undefined;
      const before = gone.find((each) => each.instance.id === instance.id);
      this.#add(instance, slowStart, before?.transport);
    }
    for (const endpoint of gone) this.#leave(endpoint);
    this.#policy = snapshot.policy;
    this.#known = true;
    this.#edition++;
    this.#publish();
  }

  /**
   * One instance that no connection can be made to must not cost the others.
   * @param before the connection to the run before it: when many clients lose a server that comes back at its address, each
   *   finds it again by that one, and must not connect twice
   */
  #add(
    instance: ServiceInstance,
    slowStart: { fromMs: number; windowMs: number } | undefined,
    before: Connection | undefined,
  ): void {
    const { transport, logger, service } = this.#env;
    try {
      const connection = before?.moveTo?.(instance) ?? transport.connect(instance);
      const endpoint = new ClusterEndpoint(instance, connection, slowStart);
      this.#endpoints.set(runOf(instance), endpoint);
      this.#watch(endpoint);
      this.#unusable.delete(runOf(instance));
    } catch (error) {
      if (this.#unusable.has(runOf(instance))) return;
      this.#unusable.add(runOf(instance));
      logger.warn(
        { err: error, service, instance: instance.id, address: instance.address },
        "unusable instance",
      );
    }
  }

  #watch(endpoint: ClusterEndpoint): void {
    const { service, hangTimeoutMs, logger } = this.#env;
    const { transport, stats, instance } = endpoint;
    endpoint.unwatch = transport.onChange(() => this.#connectionChanged(endpoint));
    endpoint.watch = new HangWatch({
      service,
      name: instance.id,
      connection: transport,
      clock: this.#env.clock,
      random: () => this.#env.random(),
      hangTimeoutMs,
      stats,
      onChange: (hung) => {
        const fields = { service, instance: instance.id, inflight: stats.inflight };
        logger.warn(fields, hung ? "instance does not answer: not used" : "instance answers again");
        this.#publish();
      },
    });
  }

  #letGo(endpoint: ClusterEndpoint): void {
    endpoint.unwatch();
    endpoint.watch?.close();
  }

  #connectionChanged(endpoint: ClusterEndpoint): void {
    endpoint.watch?.connectionChanged(endpoint.connection);
    if (endpoint.connection !== "ready") endpoint.disconnected();
    if (endpoint.suspectSinceMs !== undefined && endpoint.connection !== "ready") this.#remove(endpoint);
    this.#publish();
  }

  /** Keeps an endpoint that the registry no longer shows for as long as it answers. */
  #suspect(endpoint: ClusterEndpoint): void {
    const { clock, logger, service } = this.#env;
    if (endpoint.connection !== "ready") return this.#remove(endpoint);
    const since = clock.now();
    endpoint.suspectSinceMs = since;
    logger.warn(
      { service, instance: endpoint.instance.id },
      "instance vanished with others from the registry: kept while it answers",
    );
    void (async () => {
      while (endpoint.suspectSinceMs === since && !this.#end.signal.aborted) {
        const lives =
          clock.now() - since < suspectMostMs && (await probe(endpoint.transport, service, clock));
        if (endpoint.suspectSinceMs !== since || this.#end.signal.aborted) return;
        if (!lives) {
          this.#remove(endpoint);
          this.#publish();
          return;
        }
        await clock.sleep(suspectProbeMs, this.#end.signal).catch(() => {});
      }
    })();
  }

  #remove(endpoint: ClusterEndpoint): void {
    this.#forget(endpoint);
    this.#leave(endpoint);
  }

  #forget(endpoint: ClusterEndpoint): void {
    endpoint.suspectSinceMs = undefined;
    this.#endpoints.delete(runOf(endpoint.instance));
    this.#edition++;
  }

  #leave(endpoint: ClusterEndpoint): void {
    // Its last change is ours, and the view is published when all of a snapshot is in.
    this.#letGo(endpoint);
    this.#leaving.add(endpoint);
    const left = (): unknown => this.#leaving.delete(endpoint);
    // As gRPC's subchannels do: leaving the registry says nothing about calls in flight. Their server ends them when it
    // has drained, or it lives and only lost its record; what is dead shows on the connection.
    endpoint.transport.close(Infinity).then(left, left);
  }

  #publish(): void {
    const nowMs = this.#env.clock.now();
    const able = [...this.#endpoints.values()].filter(
      (endpoint) => endpoint.connection === "ready" && endpoint.instance.state === "up" && !endpoint.hung,
    );
    const own = able.filter(({ foreign }) => !foreign || foreign.untilMs <= nowMs);
    // When all say so, it is the method that is missing.
    this.#available = own.length > 0 ? own : able;
    this.#onChange();
    // With nowhere else to go they would only fail: what does not answer may be late.
    if (able.length > 0) for (const { watch } of this.#endpoints.values()) watch?.endCalls();
  }
}
