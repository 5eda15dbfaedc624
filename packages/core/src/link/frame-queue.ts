import type { FrameInit } from "../gen/rollcall/link/v1/link.js";
import type { EncodedFrame } from "./link-codec.js";

/** More frames than this that the peer does not take are a peer that only sends. Batches are counted where they are made. */
const mostWaiting = 64;

type Outgoing = FrameInit | EncodedFrame;

/** What else goes out on a link, when there is nothing in its queue. */
export interface FrameSource {
  /** The next, if it is time for it. */
  take(): EncodedFrame | undefined;
  /** The next, time or not. */
  takeEarly(): EncodedFrame | undefined;
}

/** The frames of one end of a link on their way out, for one reader. */
export class FrameQueue implements AsyncIterable<Outgoing> {
  readonly #frames: Outgoing[] = [];
  #source: FrameSource | undefined;
  #reader: PromiseWithResolvers<IteratorResult<Outgoing>> | undefined;
  #closed = false;

  /** False, and nothing is sent, when it is closed or 64 frames wait already. It may go out before what the source has. */
  push(frame: FrameInit): boolean {
    if (this.#closed || this.#frames.length >= mostWaiting) return false;
    this.#frames.push(frame);
    this.offer();
    return true;
  }

  /** As `push`, and goes out after all that the source has now. */
  pushLast(frame: FrameInit): boolean {
    if (this.#closed || this.#frames.length >= mostWaiting) return false;
    const earlier: Outgoing[] = [];
    for (let each = this.#source?.takeEarly(); each; each = this.#source?.takeEarly()) earlier.push(each);
    this.#frames.push(...earlier, frame);
    this.offer();
    return true;
  }

  /** Frames come from there too, from now on. */
  join(source: FrameSource): void {
    this.#source = source;
  }

  /** Says that there may be something for the reader. */
  offer(): void {
    const reader = this.#reader;
    const frame = reader && this.#next();
    if (!frame) return;
    this.#reader = undefined;
    reader.resolve({ done: false, value: frame });
  }

  /** What was pushed before still goes out. */
  close(): void {
    this.#closed = true;
    this.offer();
    this.#reader?.resolve({ done: true, value: undefined });
    this.#reader = undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<Outgoing> {
    return {
      next: () => {
        const frame = this.#next();
        if (frame) return Promise.resolve({ done: false, value: frame });
        if (this.#closed) return Promise.resolve({ done: true, value: undefined });
        this.#reader = Promise.withResolvers();
        return this.#reader.promise;
      },
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #next(): Outgoing | undefined {
    return this.#frames.shift() ?? (this.#closed ? this.#source?.takeEarly() : this.#source?.take());
  }
}
