import { EtcdServer } from "@rollcall/testing";
import type { Load, Usage } from "./messages.js";
import { Side } from "../processes/side.js";
import { siblingOf } from "../processes/sibling.js";

/** What a kind has done in one round. */
export interface Round extends Load {
  readonly clientCpuUs: number;
  readonly serverCpuUs: number;
}

/** The most memory that the processes of a kind have taken. */
export interface PeakRss {
  readonly clientBytes: number;
  readonly serverBytes: number;
}

/** How the load of a round is. */
export interface Cell {
  readonly bytes: number;
  readonly concurrency: number;
}

/** One of those that are compared: its server and its client, each a process, and a registry of its own. */
export class Contender implements AsyncDisposable {
  readonly name: string;
  readonly #registry: EtcdServer;
  readonly #server: Side;
  readonly #client: Side;
  readonly #signal: AbortSignal | undefined;

  private constructor(name: string, registry: EtcdServer, makeSide: MakeSide, signal?: AbortSignal) {
    this.name = name;
    this.#registry = registry;
    this.#server = makeSide(`the server of ${name}`);
    this.#client = makeSide(`the client of ${name}`);
    this.#signal = signal;
  }

  /** @param binary of a kind that is a program */
  static async start(name: string, binary?: string, signal?: AbortSignal): Promise<Contender> {
    const makeSide: MakeSide = (side) =>
      binary === undefined
        ? Side.node(side, siblingOf(import.meta.url, "process"))
        : Side.program(side, binary);
    const contender = new Contender(name, await EtcdServer.start(), makeSide, signal);
    const order = { do: "start", kind: name, registry: contender.#registry.url } as const;
    try {
      const address = await contender.#server.tell<string>(order, signal);
      await contender.#client.tell({ ...order, address }, signal);
      return contender;
    } catch (error) {
      await contender[Symbol.asyncDispose]();
      throw error;
    }
  }

  async round({ concurrency, bytes }: Cell, ms: number): Promise<Round> {
    const [clientBefore, serverBefore] = await this.#usage();
    const load = await this.#client.tell<Load>({ do: "load", concurrency, bytes, ms }, this.#signal);
    const [client, server] = await this.#usage();
    return {
      ...load,
      clientCpuUs: (client.cpuUs - clientBefore.cpuUs) / load.calls,
      serverCpuUs: (server.cpuUs - serverBefore.cpuUs) / load.calls,
    };
  }

  /** Since they started. */
  async peakRss(): Promise<PeakRss> {
    const [client, server] = await this.#usage();
    return { clientBytes: client.peakRssBytes, serverBytes: server.peakRssBytes };
  }

  async #usage(): Promise<readonly [Usage, Usage]> {
    const tell = (side: Side): Promise<Usage> => side.tell<Usage>({ do: "usage" }, this.#signal);
    return Promise.all([tell(this.#client), tell(this.#server)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    await this.#registry[Symbol.asyncDispose]();
  }
}

type MakeSide = (name: string) => Side;
