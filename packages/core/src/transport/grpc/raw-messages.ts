import type { Http2Stream } from "node:http2";
import { RpcError } from "../../errors.js";
import { framed, MessageFrames } from "./message-frames.js";

/** More messages than this that the reader has not taken stop the stream. */
const mostUnread = 16;

/**
 * Messages straight on the HTTP/2 stream of a call, past what grpc-js does with each: for a link, whose messages are many
 * and small, that is most of their cost. Headers, status and the end of the call stay with grpc-js.
 */
export class RawMessages {
  readonly #stream: Http2Stream;
  readonly #frames: MessageFrames;
  readonly #unread: Buffer[] = [];
  #reader: PromiseWithResolvers<Buffer | undefined> | undefined;
  #over = false;

  /**
   * Takes what arrives from here on: to be called before the stream has shown any of it.
   * @param maxBytes of one message; 0 for any
   * @param failed told what is wrong with what has arrived; nothing is read then
   */
  constructor(stream: Http2Stream, maxBytes: number, failed: (error: RpcError) => void) {
    this.#stream = stream;
    this.#frames = new MessageFrames(maxBytes);
    stream.removeAllListeners("data");
    stream.on("data", (chunk: Buffer) => {
      if (this.#over) return;
      try {
        this.#frames.push(chunk, this.#received);
      } catch (error) {
        this.end();
        failed(RpcError.from(error));
      }
    });
    stream.on("end", () => this.end());
    stream.on("close", () => this.end());
    stream.resume();
  }

  /** The next message; undefined when there is none any more. For one reader. */
  read(): Promise<Buffer | undefined> {
    const message = this.#unread.shift();
    if (message) {
      if (this.#unread.length === 0 && this.#stream.isPaused()) this.#stream.resume();
      return Promise.resolve(message);
    }
    if (this.#over) return Promise.resolve(undefined);
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  /** Sends a message. What it returns resolves when the next one may come: undefined when that is now. */
  write(message: Uint8Array): Promise<void> | undefined {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded || stream.write(framed(message))) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        stream.off("drain", done).off("close", done);
        resolve();
      };
      stream.on("drain", done).on("close", done);
    });
  }

  /** Nothing more is read; what has been is still there to be taken. */
  end(): void {
    this.#over = true;
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
  }

  readonly #received = (message: Buffer): void => {
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader.resolve(message);
    } else if (this.#unread.push(message) >= mostUnread) {
      this.#stream.pause();
    }
  };
}
