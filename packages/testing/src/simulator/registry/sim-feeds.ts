import { createFeed, type Feed, type FeedSource, type Snapshot } from "@rollcall/core";
import type { RegistryLine } from "./line.js";
import { SimWatch } from "./sim-watch.js";

interface Shared {
  readonly feed: FeedSource<Snapshot>;
  readonly watch: SimWatch;
  readers: number;
}

/** A process's watches, one for all readers of a service, so that its parts see the same at the same time. */
export class SimFeeds {
  readonly #line: RegistryLine;
  readonly #shared = new Map<string, Shared>();

  constructor(line: RegistryLine) {
    this.#line = line;
  }

  /** What the process knows of a service it watches. */
  watched(service: string): SimWatch | undefined {
    return this.#shared.get(service)?.watch;
  }

  open(service: string): Feed<Snapshot> & AsyncDisposable {
    const shared = this.#shared.get(service) ?? this.#begin(service);
    const { feed } = shared;
    shared.readers++;
    let open = true;
    return {
      get current() {
        return feed.current;
      },
      next: (after, signal) => feed.next(after, signal),
      [Symbol.asyncDispose]: async () => {
        if (!open) return;
        open = false;
        shared.readers--;
        if (shared.readers > 0) return;
        this.#shared.delete(service);
        shared.watch.close();
      },
    };
  }

  close(): void {
    for (const { watch } of this.#shared.values()) watch.close();
  }

  #begin(service: string): Shared {
    const feed = createFeed<Snapshot>();
    const shared = { feed, watch: new SimWatch(this.#line, service, feed), readers: 0 };
    this.#shared.set(service, shared);
    return shared;
  }
}
