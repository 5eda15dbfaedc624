import type { WatchCreateRequest, WatchEvent } from "../messages.js";
import { inRange, type KeyRange } from "./key-range.js";
import type { Store, StoreEvent } from "./store.js";

/** How many revisions one catch-up reply carries at most, as in etcd. */
const catchUpRevisions = 1000;

/** What a watcher has to say; the stream it belongs to makes a reply of it. */
export type WatcherReply =
  | { readonly kind: "events"; readonly events: readonly WatchEvent[]; readonly revision: number }
  | { readonly kind: "compacted"; readonly compactRevision: number };

/** One watch: its range, and how far it has read. */
export class Watcher {
  readonly id: string;
  /** While false, changes wait for `catchUp` to get to them. */
  isSynced: boolean;
  /** Whether the next progress interval has something to report: nothing was sent since the last. */
  wantsProgress: boolean;
  readonly notifiesProgress: boolean;
  readonly startRevision: number;
  readonly #range: KeyRange;
  readonly #request: WatchCreateRequest;
  readonly #store: Store;
  #nextRevision: number;

  constructor(id: string, range: KeyRange, request: WatchCreateRequest, store: Store) {
    this.id = id;
    this.#range = range;
    this.#request = request;
    this.#store = store;
    this.startRevision = Number(request.start_revision);
    this.isSynced = this.startRevision === 0 || this.startRevision > store.revision;
    this.#nextRevision = this.startRevision === 0 ? store.revision + 1 : this.startRevision;
    this.notifiesProgress = request.progress_notify;
    this.wantsProgress = request.progress_notify;
  }

  /** What a synced watcher says to one commit; nothing when none of it is its business. */
  observe(events: readonly StoreEvent[]): WatcherReply | undefined {
    return this.#reply(events.filter((event) => this.#matches(event)));
  }

  /** The next reply of a watcher that started in the past; `undefined` when there is none. Repeat until `isSynced`. */
  catchUp(): WatcherReply | undefined {
    if (this.#nextRevision < this.#store.compactRevision) {
      return { kind: "compacted", compactRevision: this.#store.compactRevision };
    }
    const batch: StoreEvent[] = [];
    let revisions = 0;
    let last = 0;
    for (const event of this.#store.eventsFrom(this.#nextRevision)) {
      if (!this.#matches(event)) continue;
      const revision = event.kv.mod_revision;
      if (revision !== last && ++revisions > catchUpRevisions) {
        this.#nextRevision = revision;
        return this.#reply(batch);
      }
      last = revision;
      batch.push(event);
    }
    this.#nextRevision = this.#store.revision + 1;
    this.isSynced = true;
    return this.#reply(batch);
  }

  #matches(event: StoreEvent): boolean {
    return event.kv.mod_revision >= this.#nextRevision && inRange(this.#range, event.key);
  }

  #reply(events: readonly StoreEvent[]): WatcherReply | undefined {
    const { filters } = this.#request;
    const wanted = events.filter((event) => !filters.includes(event.type === "put" ? 0 : 1));
    if (wanted.length === 0) return undefined;
    // A batch of the past carries the revision of now: who resumes from it loses what lies between.
    return {
      kind: "events",
      events: wanted.map((event) => this.#message(event)),
      revision: this.#store.revision,
    };
  }

  #message({ key, type, kv }: StoreEvent): WatchEvent {
    const message = { type: type === "put" ? 0 : 1, kv };
    const before = kv.mod_revision - 1;
    const isCreation = type === "put" && kv.create_revision === kv.mod_revision;
    if (!this.#request.prev_kv || isCreation || before < this.#store.compactRevision) return message;
    const previous = this.#store.get(key, before);
    return previous ? { ...message, prev_kv: previous } : message;
  }
}
