import {
  createCall,
  Link,
  Metadata,
  RpcError,
  Code,
  type Connection,
  type MethodContract,
} from "@rollcall/core";

/** A frame of `rollcall.link.v1`, as it is decoded. */
export interface LinkFrame {
  readonly kind?: string;
  readonly [field: string]: unknown;
}

const { open } = Link.methods;

/** The link's method, whose requests are bytes already. */
const rawOpen: MethodContract = {
  ...open,
  request: { encode: (bytes) => bytes as Buffer, decode: open.request.decode },
};

/** The bytes of a `Frame`. */
export const frameBytes = (frame: object): Buffer => open.request.encode(frame);

/** A caller's end of a link that sends what it is told to, whatever the protocol says. */
export class RawLink {
  /** How it ended: undefined when the server ended it well. */
  readonly ended: Promise<RpcError | undefined>;
  readonly received: LinkFrame[] = [];
  readonly #waiting: Buffer[] = [];
  readonly #call;
  #wake = (): void => {};

  /** @param until the kind of the last frame that it reads; what comes after is left where it is. Default: it reads all */
  constructor(connection: Connection, until?: string) {
    this.#call = createCall({
      method: rawOpen,
      metadata: new Metadata(),
      deadline: Infinity,
      request: this.#sent(),
    });
    this.ended = this.#run(connection, until);
  }

  /** One that has said hello, as a caller with lanes does. */
  static greeting(connection: Connection, until?: string): RawLink {
    const link = new RawLink(connection, until);
    link.say({ hello: { version: 1, caller: "raw", app: "raw", features: ["lane"] } });
    return link;
  }

  say(frame: object): void {
    this.send(frameBytes(frame));
  }

  /** Bytes of one message of the stream. */
  send(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#wake();
  }

  /** The frames of that kind that came. */
  of(kind: string): LinkFrame[] {
    return this.received.filter((frame) => frame.kind === kind);
  }

  close(): void {
    this.#call.cancel(new RpcError(Code.Cancelled, "closed by the test"));
  }

  async *#sent(): AsyncIterable<Buffer> {
    for (;;) {
      for (let bytes = this.#waiting.shift(); bytes; bytes = this.#waiting.shift()) yield bytes;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async #run(connection: Connection, until: string | undefined): Promise<RpcError | undefined> {
    try {
      const reply = await connection.call(this.#call);
      if (!reply.responseStream) throw new Error("not a stream");
      const frames = reply.response[Symbol.asyncIterator]();
      for (let next = await frames.next(); !next.done; next = await frames.next()) {
        const frame = next.value as LinkFrame;
        this.received.push(frame);
        if (frame.kind === until) break;
      }
      return (await reply.end).error;
    } catch (error) {
      return RpcError.from(error);
    }
  }
}
