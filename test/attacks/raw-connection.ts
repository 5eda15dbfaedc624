import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";

export const Frame = {
  Data: 0,
  Headers: 1,
  RstStream: 3,
  Settings: 4,
  Ping: 6,
  WindowUpdate: 8,
  Continuation: 9,
} as const;

export const EndStream = 1;
export const EndHeaders = 4;
const Ack = 1;

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** One HTTP/2 frame. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A gRPC message's five bytes before it. */
export function prefix(length: number, compressed = false): Buffer {
  return Buffer.concat([Buffer.of(compressed ? 1 : 0), uint32(length)]);
}

/** HPACK: a length, in seven bits and what follows. */
function hpackLength(length: number): Buffer {
  if (length < 127) return Buffer.of(length);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function hpackText(text: string): Buffer {
  return Buffer.concat([hpackLength(text.length), Buffer.from(text)]);
}

/** HPACK: a field in full; `indexed` puts it into the table of the connection, where 0xbe means it from then on. */
export function field(name: string, value: string, indexed = false): Buffer {
  return Buffer.concat([Buffer.of(indexed ? 0x40 : 0), hpackText(name), hpackText(value)]);
}

/** The header block of a gRPC call. */
export function callHeaders(path: string, ...more: readonly Buffer[]): Buffer {
  return Buffer.concat([
    // :method POST, :scheme http, of the static table.
    Buffer.of(0x83, 0x86),
    field(":path", path),
    field(":authority", "victim"),
    field("content-type", "application/grpc"),
    field("te", "trailers"),
    ...more,
  ]);
}

/** A connection that sends the frames it is told to, and obeys nothing. */
export class RawConnection implements Disposable {
  readonly #socket: Socket;
  /** Resolves when the connection has closed, with the milliseconds since it was opened. */
  readonly closed: Promise<number>;
  #open = true;
  #next = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const begun = performance.now();
    this.closed = new Promise((resolve) => {
      socket
        .on("error", () => {})
        .on("close", () => {
          this.#open = false;
          resolve(performance.now() - begun);
        });
    });
  }

  /** @param options.hello whether the preface and empty settings are sent; `read`: what comes is read, and thrown away */
  static async open(
    port: number,
    options: { readonly hello?: boolean; readonly read?: boolean; readonly settings?: Buffer } = {},
  ): Promise<RawConnection> {
    const { hello = true, read = true, settings = Buffer.alloc(0) } = options;
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const connection = new RawConnection(socket);
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    if (read) socket.resume();
    if (hello)
      await connection.send(
        Buffer.concat([preface, frame(Frame.Settings, 0, 0, settings), frame(Frame.Settings, Ack, 0)]),
      );
    return connection;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** The next stream's id. */
  stream(): number {
    const id = this.#next;
    this.#next += 2;
    return id;
  }

  /** Resolves when the bytes have left, or the connection has closed. */
  async send(bytes: Uint8Array): Promise<void> {
    if (!this.#open) return;
    await Promise.race([new Promise((resolve) => this.#socket.write(bytes, resolve)), this.closed]);
  }

  /** Sends what `next` gives until the connection closes or `most` were sent. Returns how many. */
  async flood(next: () => Buffer, most: number, atOnce = 200): Promise<number> {
    let sent = 0;
    while (this.#open && sent < most) {
      const count = Math.min(atOnce, most - sent);
      await this.send(Buffer.concat(Array.from({ length: count }, next)));
      sent += count;
      // Else a connection that was closed is seen only when all has been written.
      await setImmediate();
    }
    return sent;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
