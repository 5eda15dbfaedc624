import type { Feed, Registration, RegistryBackend, ServiceInstance, Snapshot } from "@rollcall/core";
import { etcdRegistry, type EtcdRegistryOptions } from "@rollcall/registry/etcd";
import type { Logger } from "pino";
import { instanceOf } from "./instance.js";
import { until } from "./until.js";

export const orders = "shop.v1.Orders";

/** The time to live of the scenes' leases: the shortest etcd grants. */
export const ttlMs = 2000;

/** One line as a registry logged it. */
export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A logger that keeps its lines. */
export function createLog(): { readonly lines: LogLine[]; readonly logger: Logger } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine["level"]) =>
    (fields: Record<string, unknown>, text: string): void => {
      lines.push({ level, fields, text });
    };
  const logger = { info: at("info"), warn: at("warn"), error: at("error") };
  return { lines, logger: logger as unknown as Logger };
}

/** Two processes that offer `shop.v1.Orders`, and one that watches it: each with a registry of its own. */
export class Scene implements AsyncDisposable {
  readonly keyPrefix: string;
  readonly lines: LogLine[];
  /** What the operator's registry logged. */
  readonly operatorLines: LogLine[];
  /** One that neither offers nor watches, on the way of those who offer. */
  readonly operator: RegistryBackend;
  readonly caller: RegistryBackend;
  readonly feed: Feed<Snapshot> & AsyncDisposable;
  readonly registrations: readonly Registration[];
  readonly instances: readonly ServiceInstance[];
  readonly #registries: RegistryBackend[] = [];
  readonly #stop = new AbortController();

  /** @param calling options of the one that watches, when it has a way of its own */
  static async start(
    keyPrefix: string,
    offering: EtcdRegistryOptions,
    calling: EtcdRegistryOptions = offering,
  ): Promise<Scene> {
    const scene = new Scene(keyPrefix, offering, calling);
    await scene.isRight();
    return scene;
  }

  constructor(keyPrefix: string, offering: EtcdRegistryOptions, calling: EtcdRegistryOptions = offering) {
    const { lines, logger } = createLog();
    const common = { keyPrefix, ttlMs, dialTimeoutMs: 1000, logger };
    this.keyPrefix = keyPrefix;
    this.lines = lines;
    const log = createLog();
    this.operatorLines = log.lines;
    this.operator = this.#open({ ...common, ...offering, logger: log.logger });
    this.caller = this.#open({ ...common, ...calling });
    this.feed = this.caller.open(orders);
    this.instances = [1, 2].map((n) => instanceOf({ address: `10.0.0.${n}:80` }));
    this.registrations = this.instances.map((instance) =>
      this.#open({ ...common, ...offering }).register([instance], this.#stop.signal),
    );
  }

  key(id: string): string {
    return `${this.keyPrefix}/services/${orders}/${id}`;
  }

  /** Everybody is registered, and the caller sees it. Resolves with how long that took. */
  async isRight(withinMs: number = 10_000): Promise<number> {
    const startedAt = performance.now();
    const left = (): number => Math.max(1, withinMs - (performance.now() - startedAt));
    for (const { state } of this.registrations) await until(state, (now) => now === "visible", left());
    await until(this.feed, ({ instances }) => sameIds(instances, this.instances), left());
    return performance.now() - startedAt;
  }

  /** The caller still hears of a change, as it must after any fault. */
  async hears(weight: number): Promise<void> {
    await Promise.all(this.registrations.map((registration) => registration.update({ weight })));
    await until(this.feed, ({ instances }) => instances.every((instance) => instance.weight === weight));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#registries.map((registry) => registry[Symbol.asyncDispose]()));
  }

  #open(options: EtcdRegistryOptions): RegistryBackend {
    const registry = etcdRegistry(options);
    this.#registries.push(registry);
    return registry;
  }
}

function sameIds(a: readonly ServiceInstance[], b: readonly ServiceInstance[]): boolean {
  return a.length === b.length && a.every((instance) => b.some(({ id }) => id === instance.id));
}
