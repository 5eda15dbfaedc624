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
  /** Disposes all readers; those that wait are rejected. */
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
  const readers = new Set<Reader>();
  let closed = false;

  const begin = (service: string): Shared => {
    const feed = createFeed<Snapshot>();
    const begun = { feed, stop: start(service, feed), readers: 0 };
    shared.set(service, begun);
    return begun;
  };
  return {
    open(service) {
      if (closed) throw new Error("registry is closed");
      const joined = shared.get(service) ?? begin(service);
      joined.readers += 1;
      const reader = new Reader(joined.feed, async () => {
        readers.delete(reader);
        joined.readers -= 1;
        if (joined.readers > 0 || shared.get(service) !== joined) return;
        shared.delete(service);
        await joined.stop();
      });
      readers.add(reader);
      return reader;
    },
    async close() {
      closed = true;
      await Promise.all(Array.from(readers, (reader) => reader[Symbol.asyncDispose]()));
    },
  };
}

/** One reader's view of a shared feed, which ends with its disposal. */
class Reader implements Feed<Snapshot>, AsyncDisposable {
  readonly #feed: Feed<Snapshot>;
  readonly #leave: () => Promise<void>;
  /** The waits of this reader; not `AbortSignal.any`, whose signals pile up on one that lives long. */
  readonly #waits = new Set<AbortController>();
  #disposed = false;

  constructor(feed: Feed<Snapshot>, leave: () => Promise<void>) {
    this.#feed = feed;
    this.#leave = leave;
  }

  get current(): Snapshot | undefined {
    return this.#feed.current;
  }

  async next(after: Snapshot | undefined, signal: AbortSignal): Promise<Snapshot> {
    signal.throwIfAborted();
    if (this.#disposed) throw disposedError();
    const wait = new AbortController();
    const aborted = (): void => wait.abort(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    this.#waits.add(wait);
    try {
      return await this.#feed.next(after, wait.signal);
    } finally {
      signal.removeEventListener("abort", aborted);
      this.#waits.delete(wait);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const wait of this.#waits) wait.abort(disposedError());
    await this.#leave();
  }
}

function disposedError(): Error {
  return new Error("feed is disposed");
}
