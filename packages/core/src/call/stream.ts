import { isFlow, type Flow, type Sink } from "./flow.js";

/** What `mapStream` does to a stream on its way. */
export interface StreamHooks<In, Out> {
  /** Each message on its way. */
  readonly value: (message: In) => Out;
  /** What the reader gets instead of an error of the source. */
  readonly error?: (error: unknown) => unknown;
  /** Once, however the stream ends: `undefined` when it was read to its end or left. */
  readonly end?: (error: unknown) => void;
  /** Runs each step of the source: to give it a context. */
  readonly run?: <T>(step: () => T) => T;
}

/**
 * Maps a stream without an async generator: one that is left before its first message would never end its source, this
 * does. Single-use, like its source. What is mapped of a flow flows too, unless its steps need a context.
 */
export function mapStream<In, Out>(
  source: AsyncIterable<In>,
  hooks: StreamHooks<In, Out>,
): AsyncIterable<Out> {
  const mapped = mapIterable(source, hooks);
  return isFlow(source) && !hooks.run ? mapFlow(source, hooks, mapped) : mapped;
}

function mapFlow<In, Out>(
  source: Flow<In>,
  hooks: StreamHooks<In, Out>,
  iterable: AsyncIterable<Out>,
): Flow<Out> {
  return {
    ...iterable,
    async flowInto(sink: Sink<Out>) {
      let refused = false;
      const take = (message: In): Promise<void> | undefined => {
        const value = hooks.value(message);
        try {
          return sink(value);
        } catch (error) {
          refused = true;
          throw error;
        }
      };
      try {
        await source.flowInto(take);
      } catch (error) {
        // A reader that wants no more has read to its end.
        const mapped = refused || !hooks.error ? error : hooks.error(error);
        hooks.end?.(refused ? undefined : mapped);
        throw mapped;
      }
      hooks.end?.(undefined);
    },
  };
}

function mapIterable<In, Out>(source: AsyncIterable<In>, hooks: StreamHooks<In, Out>): AsyncIterable<Out> {
  const run = hooks.run ?? ((step) => step());
  return {
    [Symbol.asyncIterator]() {
      let ended = false;
      const end = (error?: unknown): void => {
        if (ended) return;
        ended = true;
        hooks.end?.(error);
      };
      const failed = (error: unknown): unknown => {
        const mapped = hooks.error ? hooks.error(error) : error;
        end(mapped);
        return mapped;
      };
      let iterator: AsyncIterator<In>;
      try {
        iterator = run(() => source[Symbol.asyncIterator]());
      } catch (error) {
        throw failed(error);
      }
      const step = (): Promise<IteratorResult<In>> => iterator.next();
      const mapped = (result: IteratorResult<In>): IteratorResult<Out> => {
        if (result.done) {
          end();
          return { done: true, value: undefined };
        }
        try {
          return { done: false, value: hooks.value(result.value) };
        } catch (error) {
          throw failed(error);
        }
      };
      const broken = (error: unknown): never => {
        throw failed(error);
      };
      return {
        // Without await: streams pass several of these, and each would cost a message more than its mapping does.
        next() {
          try {
            return run(step).then(mapped, broken);
          } catch (error) {
            return Promise.reject(failed(error));
          }
        },
        async return() {
          try {
            await run(() => iterator.return?.());
          } finally {
            end();
          }
          return { done: true, value: undefined };
        },
      };
    },
  };
}
