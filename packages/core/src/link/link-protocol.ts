import { Link, type FrameInit } from "../gen/rollcall/link/v1/link.js";

/** The version of `rollcall.link.v1` spoken here; sent in every hello. */
export const linkVersion = 1;

/** What an instance's record says in `features` when its server has a link. */
export const linkFeature = "link";

/** The path of the link's only method: what limits and recorders of calls leave out, since a link is nobody's call. */
export const linkPath: string = Link.methods.open.path;

/** More frames than this that the peer does not take are a peer that only sends. */
const mostWaiting = 64;

/** The frames of one end of a link on their way out, for one reader. */
export class FrameQueue implements AsyncIterable<FrameInit> {
  readonly #frames: FrameInit[] = [];
  #reader: PromiseWithResolvers<IteratorResult<FrameInit>> | undefined;
  #closed = false;

  /** False, and nothing is sent, when it is closed or 64 frames wait already. */
  push(frame: FrameInit): boolean {
    if (this.#closed || this.#frames.length >= mostWaiting) return false;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader.resolve({ done: false, value: frame });
    else this.#frames.push(frame);
    return true;
  }

  /** What was pushed before still goes out. */
  close(): void {
    this.#closed = true;
    this.#reader?.resolve({ done: true, value: undefined });
    this.#reader = undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<FrameInit> {
    return {
      next: () => {
        const frame = this.#frames.shift();
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
}
