import { laneLimits } from "./lane-protocol.js";
import type { LaneOutbox } from "./outbox.js";

interface LongAnswer {
  readonly id: number;
  readonly message: Buffer;
  readonly ends: (rest: Uint8Array) => void;
  at: number;
}

/** Answers that are sent in parts, in turns, and only when nothing shorter waits: none of them holds up the others. */
export class LongAnswers {
  readonly #answers: LongAnswer[] = [];
  readonly #outbox: LaneOutbox;

  constructor(outbox: LaneOutbox) {
    this.#outbox = outbox;
    outbox.refill = () => this.#refill();
  }

  /** @param ends writes the reply, with the last part */
  add(id: number, message: Buffer, ends: LongAnswer["ends"]): void {
    this.#answers.push({ id, message, ends, at: 0 });
  }

  /** Whether that one is still being sent. */
  has(id: number): boolean {
    return this.#answers.some((answer) => answer.id === id);
  }

  /** Sends no more of that one. */
  remove(id: number): void {
    const index = this.#answers.findIndex((answer) => answer.id === id);
    if (index >= 0) this.#answers.splice(index, 1);
  }

  clear(): void {
    this.#answers.length = 0;
  }

  /** One part of the one that has waited longest. */
  #refill(): void {
    const answer = this.#answers.shift();
    if (!answer) return;
    const { id, message, ends, at } = answer;
    const end = at + laneLimits.partBytes;
    if (end >= message.length) return ends(message.subarray(at));
    this.#outbox.frames.part(id, message.length, message.subarray(at, end));
    this.#answers.push({ ...answer, at: end });
  }
}
