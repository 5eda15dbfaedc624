/** Bytes are not known before serialisation, so the bound counts messages. */
export const maxReplayMessages = 64;

/**
 * A request stream that can be read again from its start for another attempt, until more than 64 messages have been
 * taken from it: then its beginning is dropped, and it can only go on where it is.
 *
 * An attempt that fails leaves its reader, and the next attempt may begin only later; so leaving a reader never ends the
 * source. Whoever made the call does that, when the call is over.
 */
export class ReplayableStream {
  readonly #source: AsyncIterator<object>;
  /** Messages taken from the source and still held; the first has the index `#offset`. */
  readonly #held: object[] = [];
  #offset = 0;
  #replayable = true;
  #done = false;
  /** A generator that has thrown looks finished to the next attempt: the failure must be kept for it. */
  #failure: { readonly error: unknown } | undefined;
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
    let left = false;
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          for (;;) {
            if (left || reader !== this.#reader) return { done: true, value: undefined };
            const at = index - this.#offset;
            if (at < this.#held.length) {
              const value = this.#held[at] as object;
              index++;
              if (!this.#replayable) this.#drop(index);
              return { done: false, value };
            }
            if (this.#failure) throw this.#failure.error;
            if (this.#done) return { done: true, value: undefined };
            await (this.#pull ??= this.#take());
          }
        },
        return: async () => {
          left = true;
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
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#pull = undefined;
    }
  }

  #drop(before: number): void {
    this.#held.splice(0, before - this.#offset);
    this.#offset = before;
  }
}
