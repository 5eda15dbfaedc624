/**
 * The request stream of one call. Attempts of the call read it and are left; only the end of the whole call ends the
 * caller's iterable, even one that is waiting for its next message.
 */
export class RequestStream implements AsyncIterable<object> {
  readonly #source: AsyncIterable<object>;
  #iterator: AsyncIterator<object> | undefined;

  constructor(source: AsyncIterable<object>) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): AsyncIterator<object> {
    const iterator = this.#source[Symbol.asyncIterator]();
    this.#iterator = iterator;
    return {
      next: async () => {
        const result = await iterator.next();
        if (result.done) this.#iterator = undefined;
        return result;
      },
    };
  }

  /** Ends the caller's iterable if it has been begun and not read to its end. */
  async end(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    try {
      await iterator?.return?.();
    } catch {
      // The call is over: nobody is left to tell.
    }
  }
}
