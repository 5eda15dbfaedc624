import { AsyncLocalStorage } from "node:async_hooks";
import {
  ConfigError,
  type Handler,
  type Listener,
  type MethodContract,
  type ServerTransport,
  type ServiceContract,
} from "@rollcall/core";
import type { Link, Peer, ServerSide, Wire } from "./wire.js";

/** Where a server listens on a `MemoryNetwork`. */
export interface MemoryAddress {
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default 0: any free one. */
  readonly port?: number | undefined;
}

/** One listening server on a `MemoryNetwork`. */
export class MemoryListener implements Listener, Peer {
  readonly port: number;
  readonly address: string;
  readonly methods: ReadonlyMap<string, MethodContract>;
  readonly dispatch: Handler;
  readonly draining: AbortSignal;
  readonly inItsContext: (run: () => void) => void = AsyncLocalStorage.snapshot();
  readonly #network: Wire;
  readonly #links = new Set<Link>();
  readonly #calls = new Set<ServerSide>();
  #idle: (() => void) | undefined;
  #state: "open" | "draining" | "closed" = "open";

  constructor(
    network: Wire,
    at: MemoryAddress,
    services: readonly ServiceContract<any>[],
    dispatch: Handler,
    draining: AbortSignal,
  ) {
    const { host = "127.0.0.1", port = 0 } = at;
    this.#network = network;
    this.methods = new Map(
      services.flatMap(({ methods }) =>
        Object.values<MethodContract>(methods).map((method) => [method.path, method]),
      ),
    );
    this.dispatch = dispatch;
    this.draining = draining;
    this.port = network.bind(host, port, this);
    this.address = `${host}:${this.port}`;
  }

  get accepting(): boolean {
    return this.#state === "open";
  }

  peers(): readonly string[] {
    return [...this.#links].map(({ localAddress }) => localAddress);
  }

  attach(link: Link): void {
    this.#links.add(link);
  }

  detach(link: Link): void {
    this.#links.delete(link);
  }

  began(call: ServerSide): void {
    this.#calls.add(call);
  }

  ended(call: ServerSide): void {
    this.#calls.delete(call);
    if (this.#calls.size === 0) this.#idle?.();
  }

  drain(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "draining";
      this.#network.unbind(this.address, this);
      for (const link of this.#links) {
        const arrive = (): void => link.lost("goaway", this);
        this.#network.after(this.#network.latencyMs, () => this.#network.deliver(this.address, arrive));
      }
    }
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      // What the last call was answered with is still on its way.
      this.#idle = () => void this.#network.after(this.#network.latencyMs, resolve);
    });
  }

  close(): Promise<void> {
    // Once drained, the callers learn by GOAWAY: a call that is still on its way here has not run.
    if (this.#state === "draining" && this.#calls.size === 0) this.#state = "closed";
    else this.crash();
    return Promise.resolve();
  }

  crash(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#network.unbind(this.address, this);
    for (const link of this.#links) link.lost("broken", this);
    this.#links.clear();
    for (const call of this.#calls) call.broken();
    this.#calls.clear();
    this.#idle?.();
  }
}

/** Serves on a `MemoryNetwork`. */
export function memoryServerTransport(network: Wire, at: MemoryAddress = {}): ServerTransport {
  return {
    async listen(services, dispatch, draining) {
      try {
        return new MemoryListener(network, at, services, dispatch, draining);
      } catch (error) {
        throw new ConfigError(`cannot listen: ${(error as Error).message}`, { cause: error });
      }
    },
  };
}
