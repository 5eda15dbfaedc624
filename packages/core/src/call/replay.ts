/** Bytes are not known before serialisation, so the bound counts messages. */
export const maxReplayMessages = 64;

/**
 * A request stream that can be read again from its start for another attempt, until more than 64 messages have been
 * taken from it: then its beginning is dropped, and it can only go on where it is.
 */
export class ReplayableStream {
  readonly #source: AsyncIterator<object>;
  /** Messages taken from the source and still held; the first has the index `#offset`. */
  readonly #held: object[] = [];
  #offset = 0;
  #replayable = true;
  #done = false;
  #pull: Promise<void> | undefined;
  #reader = 0;

  constructor(source: AsyncIterable<object>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** False once the beginning is gone. */
  get replayable(): boolean {
    return this.#replayable;
  }

  /** The stream from its beginning. Only the newest reader gets messages; earlier ones end. */
  read(): AsyncIterable<object> {
    const reader = ++this.#reader;
    let index = 0;
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          while (reader === this.#reader) {
            const message = this.#held[index - this.#offset];
            if (message) {
              index++;
              if (!this.#replayable) this.#drop(index);
              return { done: false, value: message };
            }
            if (this.#done) break;
            await (this.#pull ??= this.#take());
          }
          return { done: true, value: undefined };
        },
        return: async () => {
          // A reader that was left ends the source only if no other attempt has taken over.
          if (reader === this.#reader && !this.#done) {
            this.#done = true;
            await this.#source.return?.();
          }
          return { done: true, value: undefined };
        },
      }),
    };
  }

  async #take(): Promise<void> {
    try {
      const result = await this.#source.next();
      if (result.done) this.#done = true;
      else this.#held.push(result.value);
      if (this.#held.length > maxReplayMessages) this.#replayable = false;
    } finally {
      this.#pull = undefined;
    }
  }

  #drop(before: number): void {
    this.#held.splice(0, before - this.#offset);
    this.#offset = before;
  }
}
