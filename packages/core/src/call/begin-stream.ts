/**
 * A stream whose first message has been asked for: its handler runs up to where it first waits, so it can still set the
 * headers that go out before the message does. Single-use, like its source.
 */
export function beginStream<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<T>> | undefined = iterator.next();
  // It is awaited a moment later.
  first.catch(() => {});
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        const next = first ?? iterator.next();
        first = undefined;
        return next;
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    }),
  };
}
