import { connect, createServer, type Server, type Socket } from "node:net";

interface Pair {
  readonly outside: Socket;
  readonly inside: Socket;
}

/**
 * The port that clients see. It hands bytes on to the gRPC server behind it, so that a test can do what only the
 * network or the kernel does: freeze every connection (no answer to an HTTP/2 ping either), break them, close the
 * port and open it again.
 */
export class TcpFront {
  readonly #insidePort: number;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #paused = false;

  constructor(insidePort: number) {
    this.#insidePort = insidePort;
  }

  /** Opens the port (0: any) and resolves with its number. */
  async listen(port: number, host: string): Promise<number> {
    const server = createServer((outside) => this.#accept(outside));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
    this.#server = server;
    return (server.address() as { port: number }).port;
  }

  /** Closes the port and breaks its connections. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#paused = false;
    this.breakConnections();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  breakConnections(): void {
    for (const { outside, inside } of this.#pairs) {
      reset(outside);
      inside.destroy();
    }
    this.#pairs.clear();
  }

  pause(): void {
    this.#paused = true;
    for (const { outside, inside } of this.#pairs) {
      outside.unpipe(inside);
      inside.unpipe(outside);
    }
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const pair of this.#pairs) join(pair);
  }

  #accept(outside: Socket): void {
    const inside = connect({ port: this.#insidePort, host: "127.0.0.1", noDelay: true });
    outside.setNoDelay(true);
    const pair = { outside, inside };
    this.#pairs.add(pair);
    for (const [socket, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      // A broken connection is not news here: its other half breaks with it.
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
    if (!this.#paused) join(pair);
  }
}

/**
 * Node loses the handle of a socket whose reset fails, as it does while the socket's own end is on its way: such a one is only
 * closed.
 */
function reset(socket: Socket): void {
  if (socket.writable) socket.resetAndDestroy();
  else socket.destroy();
}

function join({ outside, inside }: Pair): void {
  outside.pipe(inside);
  inside.pipe(outside);
}
