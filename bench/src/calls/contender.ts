import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { EtcdServer } from "@rollcall/testing";
import type { Load, Order, Usage } from "./messages.js";

/** What a kind has done in one round. */
export interface Round extends Load {
  readonly clientCpuUs: number;
  readonly serverCpuUs: number;
}

/** A process of the benchmark, that does as it is told. */
class Side {
  readonly #child: ChildProcess;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    this.#child = fork(new URL("process.js", import.meta.url), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  }

  async tell<T>(order: Order): Promise<T> {
    const over = new AbortController();
    const { signal } = over;
    this.#child.send(order);
    try {
      const answered = once(this.#child, "message", { signal }) as Promise<[{ answer: T }]>;
      const ended = once(this.#child, "exit", { signal }).then(() => {
        throw new Error(`${this.#name} ended: see above`);
      });
      const [{ answer }] = await Promise.race([answered, ended]);
      return answer;
    } finally {
      over.abort();
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.send({ do: "stop" } satisfies Order);
    await ended;
  }
}

/** One of those that are compared: its server and its client, each a process, and a registry of its own. */
export class Contender implements AsyncDisposable {
  readonly name: string;
  readonly #registry: EtcdServer;
  readonly #server: Side;
  readonly #client: Side;

  private constructor(name: string, registry: EtcdServer) {
    this.name = name;
    this.#registry = registry;
    this.#server = new Side(`the server of ${name}`);
    this.#client = new Side(`the client of ${name}`);
  }

  static async start(name: string): Promise<Contender> {
    const contender = new Contender(name, await EtcdServer.start());
    const order = { do: "start", kind: name, registry: contender.#registry.url } as const;
    const address = await contender.#server.tell<string>(order);
    await contender.#client.tell({ ...order, address });
    return contender;
  }

  async round(concurrency: number, bytes: number, ms: number): Promise<Round> {
    const sides = [this.#client, this.#server];
    const before = await Promise.all(sides.map((side) => side.tell<Usage>({ do: "usage" })));
    const load = await this.#client.tell<Load>({ do: "load", concurrency, bytes, ms });
    const after = await Promise.all(sides.map((side) => side.tell<Usage>({ do: "usage" })));
    const [clientCpuUs, serverCpuUs] = after.map((usage, n) => (usage.cpuUs - before[n]!.cpuUs) / load.calls);
    return { ...load, clientCpuUs: clientCpuUs!, serverCpuUs: serverCpuUs! };
  }

  /** Of the client and the server. */
  async peakRssBytes(): Promise<readonly [number, number]> {
    const [client, server] = await Promise.all(
      [this.#client, this.#server].map((side) => side.tell<Usage>({ do: "usage" })),
    );
    return [client!.peakRssBytes, server!.peakRssBytes];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.stop();
    await this.#server.stop();
    await this.#registry[Symbol.asyncDispose]();
  }
}
