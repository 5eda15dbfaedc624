import type { EncodedMessage } from "../contract/codec.js";
import type { FrameQueue, FrameSource } from "../link/frame-queue.js";
import { BatchWriter } from "./batch-writer.js";
import { laneLimits } from "./lane-protocol.js";

/** With no more calls than this under way a frame is sent before the turn's next event, else after the last of them. */
export const fewCalls = 4;

/**
 * The frames of one end of a lane on their way out. Those of one turn of the event loop are one batch, and a peer that does
 * not keep up makes them wait, and batches longer; no timer ever holds one back.
 */
export class LaneOutbox implements FrameSource {
  /** Where frames are written; `written` is to be called after each. */
  readonly frames: BatchWriter = new BatchWriter();
  /** Writes what can wait until there is nothing else. */
  refill: () => void = () => {};
  readonly #queue: FrameQueue;
  readonly #mostWaiting: number;
  /** Batches that have come to their length. */
  readonly #full: EncodedMessage[] = [];
  #fullBytes = 0;
  #sealed = 0;
  #taken = 0;
  #due = false;
  #scheduled = false;
  #roomWanted: (() => void) | undefined;

  /** @param mostWaiting the bytes of frames from which on it is full */
  constructor(queue: FrameQueue, mostWaiting: number) {
    this.#queue = queue;
    this.#mostWaiting = mostWaiting;
    queue.join(this);
  }

  /** The number of the batch that is being written. */
  get batch(): number {
    return this.#sealed;
  }

  /** Whether a batch has been handed to the transport. */
  isSent(batch: number): boolean {
    return batch < this.#taken;
  }

  /** Whether so much waits that no more should be added. */
  get isFull(): boolean {
    return this.#fullBytes + this.frames.length > this.#mostWaiting;
  }

  /** @param underWay how many calls there are without an answer, which is how many frames may come in this turn */
  written(underWay: number): void {
    if (this.frames.length >= laneLimits.batchBytes) this.#seal();
    this.due(underWay);
  }

  /** Has the reader asked when the turn is over, whether there are frames by then or `refill` has some. */
  due(underWay: number): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (underWay <= fewCalls) process.nextTick(this.#fire);
    else setImmediate(this.#fire);
  }

  /** Resolves when no more waits than may. */
  room(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    return new Promise((resolve) => (this.#roomWanted = resolve));
  }

  take(): EncodedMessage | undefined {
    if (!this.#due) return undefined;
    const frame = this.takeEarly();
    if (!frame) this.#due = false;
    return frame;
  }

  takeEarly(): EncodedMessage | undefined {
    if (this.#full.length === 0) {
      this.refill();
      if (this.frames.length > 0) this.#seal();
    }
    const frame = this.#full.shift();
    if (!frame) return undefined;
    this.#taken++;
    this.#fullBytes -= frame.length;
    if (this.#roomWanted && !this.isFull) {
      this.#roomWanted();
      this.#roomWanted = undefined;
    }
    return frame;
  }

  readonly #fire = (): void => {
    this.#scheduled = false;
    this.#due = true;
    this.#queue.offer();
  };

  #seal(): void {
    const frame = this.frames.take();
    this.#sealed++;
    this.#fullBytes += frame.length;
    this.#full.push(frame);
  }
}
