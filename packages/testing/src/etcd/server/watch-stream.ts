import type { Clock } from "@rollcall/core";
import type { WatchCreateRequest, WatchRequest, WatchResponse } from "../messages.js";
import { DelayedQueue } from "./delayed-queue.js";
import { keyRange } from "./key-range.js";
import type { Member } from "./member.js";
import { Watcher, type WatcherReply } from "./watcher.js";

/** The id of replies that are about no watch, or about all of them. */
const noWatch = "-1";

/** A reply before its header is complete. */
type Draft = Omit<WatchResponse, "header"> & { readonly revision?: number };

/** What a stream needs of the server around it. */
export interface WatchStreamOptions {
  readonly clock: Clock;
  readonly progressIntervalMs: number;
  /** How long events are held back at the moment. */
  lagMs(): number;
  /** Why this caller may not watch, if so. */
  refusal(): string | undefined;
  write(response: WatchResponse): void;
}

/** One call of Watch: any number of watches, and their replies in one order. */
export class WatchStream {
  readonly #member: Member;
  readonly #options: WatchStreamOptions;
  readonly #queue: DelayedQueue<WatchResponse>;
  readonly #watchers = new Map<string, Watcher>();
  readonly #leave: () => void;
  #nextId = 0;
  #stopProgress: () => void = () => {};
  #closed = false;

  constructor(member: Member, options: WatchStreamOptions) {
    this.#member = member;
    this.#options = options;
    this.#queue = new DelayedQueue(options.clock, (response) => options.write(response));
    this.#leave = member.onCommit((events) => {
      for (const watcher of this.#watchers.values()) {
        const reply = watcher.isSynced ? watcher.observe(events) : undefined;
        if (reply) this.#say(watcher, reply);
      }
    });
    this.#armProgress();
  }

  accept(request: WatchRequest): void {
    if (request.create_request) this.#create(request.create_request);
    else if (request.cancel_request) this.#cancel(String(request.cancel_request.watch_id));
    else if (request.progress_request) this.#progress(noWatch, [...this.#watchers.values()]);
  }

  close(): void {
    this.#closed = true;
    this.#leave();
    this.#stopProgress();
    this.#queue.clear();
    this.#watchers.clear();
  }

  #create(request: WatchCreateRequest): void {
    const refuse = (cancel_reason: string): void =>
      this.#send({ watch_id: noWatch, created: true, canceled: true, cancel_reason });
    if (Number(request.start_revision) < 0) {
      return refuse("etcdserver: mvcc: required revision has been compacted");
    }
    const reason = this.#options.refusal();
    if (reason !== undefined) return refuse(reason);
    const range = keyRange(request.key.length === 0 ? Buffer.from([0]) : request.key, request.range_end);
    if (range.end && range.key >= range.end) return refuse("mvcc: watcher range is empty");
    const id = String(request.watch_id);
    if (this.#watchers.has(id) && id !== "0") {
      return refuse("mvcc: duplicate watch ID provided on the WatchStream");
    }
    const watcher = new Watcher(id === "0" ? this.#freeId() : id, range, request, this.#member.store);
    this.#watchers.set(watcher.id, watcher);
    this.#send({ watch_id: watcher.id, created: true });
    if (!watcher.isSynced) this.#catchUp(watcher);
  }

  #cancel(id: string): void {
    if (this.#watchers.delete(id)) this.#send({ watch_id: id, canceled: true });
  }

  /** One batch a turn, so that writes go on in between and live events come after the past. */
  #catchUp(watcher: Watcher): void {
    setImmediate(() => {
      if (this.#closed || this.#watchers.get(watcher.id) !== watcher) return;
      const reply = watcher.catchUp();
      if (reply) this.#say(watcher, reply);
      if (reply?.kind !== "compacted" && !watcher.isSynced) this.#catchUp(watcher);
    });
  }

  #say(watcher: Watcher, reply: WatcherReply): void {
    const lagMs = this.#options.lagMs();
    if (reply.kind === "events") {
      watcher.wantsProgress = false;
      this.#send({ watch_id: watcher.id, events: reply.events, revision: reply.revision }, lagMs);
      return;
    }
    this.#watchers.delete(watcher.id);
    // etcd gives this one reply no revision and no reason.
    this.#send(
      { watch_id: watcher.id, canceled: true, compact_revision: reply.compactRevision, revision: 0 },
      lagMs,
    );
  }

  /** A reply without events tells that everything up to its revision was sent; none comes while something was not. */
  #progress(id: string, watchers: readonly Watcher[]): void {
    const { revision } = this.#member.store;
    const isInStep = watchers.every((watcher) => watcher.isSynced && watcher.startRevision <= revision);
    if (watchers.length > 0 && isInStep) this.#send({ watch_id: id }, this.#options.lagMs());
  }

  #armProgress(): void {
    this.#stopProgress = this.#options.clock.timer(this.#options.progressIntervalMs, () => {
      for (const watcher of this.#watchers.values()) {
        if (!watcher.notifiesProgress) continue;
        if (watcher.wantsProgress) this.#progress(watcher.id, [watcher]);
        watcher.wantsProgress = true;
      }
      this.#armProgress();
    });
  }

  #send({ revision = this.#member.store.revision, ...draft }: Draft, lagMs = 0): void {
    this.#queue.push({ ...draft, header: this.#member.header(revision) }, lagMs);
  }

  #freeId(): string {
    while (this.#watchers.has(String(this.#nextId))) this.#nextId++;
    return String(this.#nextId++);
  }
}
