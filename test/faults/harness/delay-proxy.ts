import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A TCP proxy that holds back what goes one way. Bytes stay in order and none is lost. */
export class DelayProxy implements AsyncDisposable {
  /** From the client to the server, in ms. */
  delayMs = 0;
  /** From the server to the client, in ms. */
  backDelayMs = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(host: string, targetHost: string, targetPort: number): Promise<DelayProxy> {
    const proxy = new DelayProxy(targetHost, targetPort);
    proxy.#server.listen(0, host);
    await once(proxy.#server, "listening");
    return proxy;
  }

  private constructor(targetHost: string, targetPort: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const target = connect({ host: targetHost, port: targetPort, allowHalfOpen: true });
      this.#carry(client, target, () => this.delayMs);
      this.#carry(target, client, () => this.backDelayMs);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #carry(from: Socket, to: Socket, delayMs: () => number): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    // Timers of different lengths could overtake each other: each waits for the one before it.
    let before = Promise.resolve();
    const later = (act: () => void): void => {
      const due = performance.now() + delayMs();
      before = before
        .then(() => new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, due - performance.now()))))
        .then(act);
    };
    from.on("data", (data) => later(() => void (to.writable && to.write(data))));
    from.on("end", () => later(() => to.end()));
    from.on("error", () => to.destroy());
    from.on("close", () => this.#sockets.delete(from));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.resolve();
  }
}
