import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { CallKind } from "../kind.js";

// The floor of whatever Node does over TCP: texts with their lengths, answered in their order, and nothing else.

const lengthBytes = 4;

/** Texts over a socket: those of one turn of the event loop go out in one write. */
class Texts {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, received: (text: string) => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      let at = 0;
      while (at + lengthBytes <= bytes.length) {
        const end = at + lengthBytes + bytes.readUInt32BE(at);
        if (end > bytes.length) break;
        received(bytes.toString("utf8", at + lengthBytes, end));
        at = end;
      }
      this.#rest = bytes.subarray(at);
    });
  }

  send(text: string): void {
    const length = Buffer.byteLength(text);
    const bytes = Buffer.allocUnsafe(lengthBytes + length);
    bytes.writeUInt32BE(length);
    bytes.write(text, lengthBytes);
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#socket.write(bytes);
  }
}

export const tcp: CallKind = {
  async serve() {
    const server = createServer((socket) => {
      const texts = new Texts(socket, (text) => texts.send(text));
      socket.on("error", () => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return { address: `127.0.0.1:${port}`, close: async () => void server.close() };
  },
  async connect(address) {
    const { hostname, port } = new URL(`tcp://${address}`);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    const waiting: PromiseWithResolvers<string>[] = [];
    const texts = new Texts(socket, (text) => waiting.shift()!.resolve(text));
    socket.on("error", (error) => {
      for (const { reject } of waiting.splice(0)) reject(error);
    });
    return {
      call(text) {
        const call = Promise.withResolvers<string>();
        waiting.push(call);
        texts.send(text);
        return call.promise;
      },
      close: async () => void socket.end(),
    };
  },
};
