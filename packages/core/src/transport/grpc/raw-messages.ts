import type { Http2Stream } from "node:http2";
import type { Sink } from "../../call/flow.js";
import type { EncodedMessage } from "../../contract/codec.js";
import { RpcError } from "../../errors.js";
import { framed, MessageFrames, prefixOf } from "./message-frames.js";

/** What is longer costs more to copy than a second write. */
const mostCopied = 4 << 10;

/** More messages than this that the reader has not taken stop the stream. */
const mostUnread = 16;

/**
 * Messages straight on the HTTP/2 stream of a call, past what grpc-js does with each: for a link, whose messages are many
 * and small, that is most of their cost. Headers, status and the end of the call stay with grpc-js.
 */
export class RawMessages {
  readonly #stream: Http2Stream;
  readonly #unread: Buffer[] = [];
  readonly #read = Promise.withResolvers<void>();
  /** What takes them; undefined while it has no room. */
  #sink: Sink<Buffer> | undefined;
  #over = false;

  /**
   * Takes what arrives from here on: to be called before the stream has shown any of it.
   * @param maxBytes of one message; 0 for any
   * @param failed told what is wrong with what has arrived; nothing is read then
   */
  constructor(stream: Http2Stream, maxBytes: number, failed: (error: RpcError) => void) {
    this.#stream = stream;
    const frames = new MessageFrames(maxBytes);
    stream.removeAllListeners("data");
    stream.on("data", (chunk: Buffer) => {
      if (this.#over) return;
      try {
        frames.push(chunk, this.#received);
      } catch (error) {
        this.end();
        failed(RpcError.from(error));
      }
    });
    stream.on("end", () => this.end());
    stream.on("close", () => this.end());
    stream.resume();
  }

  /** Hands all messages over, once. Resolves when there are none any more; rejects with what the sink threw. */
  flowInto(sink: Sink<Buffer>): Promise<void> {
    this.#goOn(sink);
    return this.#read.promise;
  }

  /** Sends a message. What it returns resolves when the next one may come: undefined when that is now. */
  write(message: EncodedMessage): Promise<void> | undefined {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded || written(stream, message)) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        stream.off("drain", done).off("close", done);
        resolve();
      };
      stream.on("drain", done).on("close", done);
    });
  }

  /** Nothing more is read; what has been is still handed over. */
  end(): void {
    this.#over = true;
    if (this.#sink && this.#unread.length === 0) this.#read.resolve();
  }

  readonly #received = (message: Buffer): void => {
    if (this.#sink) this.#hand(message, this.#sink);
    else if (this.#unread.push(message) >= mostUnread) this.#stream.pause();
  };

  #hand(message: Buffer, sink: Sink<Buffer>): void {
    try {
      const room = sink(message);
      if (!room) return;
      this.#sink = undefined;
      room.then(
        () => this.#goOn(sink),
        (error: Error) => this.#stop(error),
      );
    } catch (error) {
      this.#stop(error as Error);
    }
  }

  #goOn(sink: Sink<Buffer>): void {
    this.#sink = sink;
    while (this.#sink) {
      const message = this.#unread.shift();
      if (message) {
        this.#hand(message, sink);
        continue;
      }
      if (this.#over) this.#read.resolve();
      else if (this.#stream.isPaused()) this.#stream.resume();
      return;
    }
  }

  #stop(error: Error): void {
    this.#over = true;
    this.#sink = undefined;
    this.#unread.length = 0;
    this.#read.reject(error);
  }
}

/** False when more should wait. */
function written(stream: Http2Stream, message: EncodedMessage): boolean {
  if (message.length <= mostCopied) return stream.write(framed(message));
  stream.cork();
  let room = stream.write(prefixOf(message));
  for (const part of message.parts) room = stream.write(part);
  stream.uncork();
  return room;
}
