import { GoProcess } from "./go-process.js";

/** What became of the calls of a Go client, so far. */
export interface GoReceipt {
  readonly calls: number;
  /** By status and message. */
  readonly failed: Readonly<Record<string, number>>;
  /** By the server that answered. */
  readonly served: Readonly<Record<string, number>>;
}

/** 200 calls per second from a Go client that finds its servers by etcd's own resolver. */
export class GoTraffic implements AsyncDisposable {
  readonly #go: GoProcess;

  private constructor(go: GoProcess) {
    this.#go = go;
  }

  /** Starts it; resolves when a first call was answered. */
  static async start(binary: string, etcd: string, args: readonly string[] = []): Promise<GoTraffic> {
    const go = new GoProcess(binary, ["call", "-etcd", etcd, ...args]);
    await go.said();
    return new GoTraffic(go);
  }

  async receipt(): Promise<GoReceipt> {
    return (await this.#go.order("receipt")) as unknown as GoReceipt;
  }

  /** Makes no more calls, waits for the answers of all. */
  async end(): Promise<GoReceipt> {
    this.#go.end();
    return (await this.#go.said()) as unknown as GoReceipt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#go[Symbol.asyncDispose]();
  }
}
