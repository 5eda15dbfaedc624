import { createFeed, type Feed, type FeedSource, type Snapshot } from "@rollcall/core";

/** One service's feed while somebody reads it. */
interface Shared {
  readonly feed: FeedSource<Snapshot>;
  readonly stop: () => Promise<void>;
  readers: number;
}

/** Feeds of snapshots, one per service, shared by its readers. */
export interface SharedFeeds {
  open(service: string): Feed<Snapshot> & AsyncDisposable;
  /** Ends all feeds; readers that wait are rejected. */
  close(): Promise<void>;
}

/**
 * Counts the readers of each service.
 * @param start begins to publish a service on the feed; returns what ends it, called when the last reader is gone
 */
export function createSharedFeeds(
  start: (service: string, feed: FeedSource<Snapshot>) => () => Promise<void>,
): SharedFeeds {
  const shared = new Map<string, Shared>();
  const closed = new AbortController();

  const begin = (service: string): Shared => {
    const feed = createFeed<Snapshot>();
    const begun = { feed, stop: start(service, feed), readers: 0 };
    shared.set(service, begun);
    return begun;
  };
  return {
    open(service) {
      closed.signal.throwIfAborted();
      const joined = shared.get(service) ?? begin(service);
      joined.readers += 1;
      const disposed = new AbortController();
      return {
        get current() {
          return joined.feed.current;
        },
        next: (after, signal) =>
          joined.feed.next(after, AbortSignal.any([signal, disposed.signal, closed.signal])),
        async [Symbol.asyncDispose]() {
          if (disposed.signal.aborted) return;
          disposed.abort(new Error(`feed of ${service} is disposed`));
          joined.readers -= 1;
          if (joined.readers > 0 || shared.get(service) !== joined) return;
          shared.delete(service);
          await joined.stop();
        },
      };
    },
    async close() {
      closed.abort(new Error("registry is closed"));
      const all = [...shared.values()];
      shared.clear();
      await Promise.all(all.map(({ stop }) => stop()));
    },
  };
}
