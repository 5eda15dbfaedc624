import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A way to a server that a test can close or block, for one client only. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target: number;
  #port = 0;
  #frozen = false;

  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await proxy.restore();
    return proxy;
  }

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((inside) => {
      const outside = connect(this.#target, "127.0.0.1");
      for (const [from, to] of [
        [inside, outside],
        [outside, inside],
      ] as const) {
        this.#sockets.add(from);
        from.on("error", () => {});
        from.on("data", (data) => {
          if (!this.#frozen) to.write(data);
        });
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Breaks all connections and refuses new ones. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Ends `cut`, and `freeze` for new connections. */
  async restore(): Promise<void> {
    this.#frozen = false;
    await new Promise<void>((resolve) => {
      this.#server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Connections stay, new ones are taken, and every byte is lost. */
  freeze(): void {
    this.#frozen = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.cut();
  }
}
