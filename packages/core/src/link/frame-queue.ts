import type { EncodedMessage } from "../contract/codec.js";
import { iteratorOf, type Flow, type Sink } from "../call/flow.js";
import type { FrameInit } from "../gen/rollcall/link/v1/link.js";

/** More frames than this that the peer does not take are a peer that only sends. Batches are counted where they are made. */
const mostWaiting = 64;

type Outgoing = FrameInit | EncodedMessage;

/** What else goes out on a link, when there is nothing in its queue. */
export interface FrameSource {
  /** The next, if it is time for it. */
  take(): EncodedMessage | undefined;
  /** The next, time or not. */
  takeEarly(): EncodedMessage | undefined;
}

/** The frames of one end of a link on their way out, for one reader. */
export class FrameQueue implements Flow<Outgoing> {
  readonly #frames: Outgoing[] = [];
  readonly #over = Promise.withResolvers<void>();
  #source: FrameSource | undefined;
  /** What takes them; undefined while it has no room. */
  #sink: Sink<Outgoing> | undefined;
  #closed = false;
  #failure: Error | undefined;

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

  /** Says that there may be something to send. */
  offer(): void {
    for (let sink = this.#sink; sink; sink = this.#sink) {
      const frame = this.#next();
      if (!frame) {
        if (this.#closed) this.#end(this.#failure);
        return;
      }
      this.#send(frame, sink);
    }
  }

  /**
   * What was pushed before still goes out.
   * @param failure what the reader gets then, if it is no good end
   */
  close(failure?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = failure;
    this.offer();
  }

  /** Resolves when its reader has all that it will get. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  flowInto(sink: Sink<Outgoing>): Promise<void> {
    this.#sink = sink;
    this.offer();
    return this.#over.promise.then(() => {
      if (this.#failure) throw this.#failure;
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<Outgoing> {
    return iteratorOf(
      (sink) => this.flowInto(sink),
      () => this.close(),
    );
  }

  #send(frame: Outgoing, sink: Sink<Outgoing>): void {
    let room: Promise<void> | undefined;
    try {
      room = sink(frame);
    } catch (error) {
      return this.#end(error as Error);
    }
    if (!room) return;
    this.#sink = undefined;
    const goOn = (): void => {
      this.#sink = sink;
      this.offer();
    };
    room.then(goOn, (error: Error) => this.#end(error));
  }

  #end(failure: Error | undefined): void {
    this.#closed = true;
    this.#failure = failure;
    this.#sink = undefined;
    this.#over.resolve();
  }

  #next(): Outgoing | undefined {
    return this.#frames.shift() ?? (this.#closed ? this.#source?.takeEarly() : this.#source?.take());
  }
}
