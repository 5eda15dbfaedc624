/**
 * What messages are handed to, one after the other. What it returns resolves when it takes the next: undefined when that is
 * now. One that throws ends the flow.
 */
export type Sink<T> = (message: T) => Promise<void> | undefined;

/** A stream that can also hand its messages over as they come: with many small ones, a promise for each is most of the cost. */
export interface Flow<T> extends AsyncIterable<T> {
  /** Instead of iterating. Resolves when all has been handed over; rejects with what the stream failed with, or the sink threw. */
  flowInto(sink: Sink<T>): Promise<void>;
}

export function isFlow<T>(stream: AsyncIterable<T>): stream is Flow<T> {
  return "flowInto" in stream;
}

/** Hands all messages of a stream to `sink`, in the cheapest way that it has. */
export async function flow<T>(stream: AsyncIterable<T>, sink: Sink<T>): Promise<void> {
  if (isFlow(stream)) return stream.flowInto(sink);
  for await (const message of stream) {
    const room = sink(message);
    if (room) await room;
  }
}

/**
 * Iterates what flows, for one reader: the next message is taken when it is asked for.
 * @param leave called when the reader wants no more
 */
export function iteratorOf<T>(flowInto: Flow<T>["flowInto"], leave: () => void): AsyncIterator<T> {
  const atEnd = Promise.resolve<IteratorResult<T>>({ done: true, value: undefined });
  let reader: PromiseWithResolvers<IteratorResult<T>> | undefined;
  let room: PromiseWithResolvers<void> | undefined;
  let over: Promise<IteratorResult<T>> | undefined;
  const take: Sink<T> = (value) => {
    if (over) throw new Error("nobody reads any more");
    reader?.resolve({ done: false, value });
    room = Promise.withResolvers();
    return room.promise;
  };
  const ended = (result: Promise<IteratorResult<T>>): void => {
    result.catch(() => {});
    over ??= result;
    reader?.resolve(result);
  };
  return {
    next() {
      if (over) return over;
      const first = reader === undefined;
      reader = Promise.withResolvers();
      if (first)
        flowInto(take).then(
          () => ended(atEnd),
          (error: Error) => ended(Promise.reject(error)),
        );
      else room?.resolve();
      return reader.promise;
    },
    return() {
      over ??= atEnd;
      leave();
      room?.resolve();
      return atEnd;
    },
  };
}
